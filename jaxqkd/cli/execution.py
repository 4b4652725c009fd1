"""Where a study runs and where its results go: what the commands that run one have in common."""

import contextlib
import dataclasses
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from jaxqkd import checks, reports
from jaxqkd.experiments import bounded_logits, noise_robustness, own_data, payoff, piperno2024
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.studies import results, runner, store
from jaxqkd.studies.study import Study, cut

Count = Annotated[int, tyro.conf.arg(metavar="N")]
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")]
Directory = Annotated[Path, tyro.conf.arg(metavar="DIR")]


@dataclasses.dataclass(frozen=True)
class Execution:
    """Where a study runs, and where its results go.

    Attributes:
        out: Where the results go: a new or empty directory, or one of the same study and options, where the work
            goes on. Several processes may share one.
        worker: Compute only share I of N, as "1/3" for the first of three jobs; from a Slurm array's variables
            where there is one. "all" is everything. A call for all the shares' directory gathers.
        dask: Address of a Dask scheduler whose workers compute the blocks (extra `cluster`).
        compile_cache: Where compiled programs are kept for the next time: a private directory, "auto" for
            jaxqkd in the user's cache directory, or "off".
    """

    out: Directory
    worker: Annotated[str, tyro.conf.arg(metavar="auto|all|I/N")] = "auto"
    dask: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None
    compile_cache: Annotated[str, tyro.conf.arg(metavar="auto|off|DIR")] = "auto"


How = Annotated[Execution, tyro.conf.arg(name="")]


def carry_out(study: Study, execution: Execution) -> int:
    """Runs a study, and presents it if all of its blocks are there; returns the command's exit status."""
    share, out = _share(execution.worker), execution.out
    with _executor(execution.dask) as executor:
        try:
            runner.run(study, out, executor=executor, share=share, console=Console(stderr=True))
        except KeyboardInterrupt as stop:
            raise type(stop)(f"interrupted; {_kept(study, out)}") from None
    if runner.missing(study, out):
        print(f"This share is done; {_kept(study, out)}")
        return 0
    return finish(out)


def _kept(study: Study, out: Path) -> str:
    total = len(cut(study.description))
    done = total - len(runner.missing(study, out))
    again = "The same command goes on from there." if done else "The same command starts again."
    return f"{done} of {total} blocks are kept in {out}. {again}"


def finish(out: Path) -> int:
    """Presents the study whose blocks are in a directory; returns the command's exit status."""
    found = results.load(out)
    report = {
        "reproduce": piperno2024.report,
        "payoff": payoff.report,
        "noisy": noise_robustness.report,
        "methods": bounded_logits.report,
        "distil": own_data.report,
    }
    sections = report.get(found.attrs["study"], reports.any_study)(found)
    reports.save(out, found, sections, store.description(out))
    reports.print_report(out, found, sections)
    return int("diverged" in found and bool(found.diverged.all()))


def _share(worker: str) -> tuple[int, int] | None:
    """Returns the share (i, n), i from 0, or None for everything."""
    if worker == "all":
        return None
    if worker == "auto":
        count = int(os.environ.get("SLURM_ARRAY_TASK_COUNT", 1))
        step = int(os.environ.get("SLURM_ARRAY_TASK_STEP", 1))
        place = int(os.environ.get("SLURM_ARRAY_TASK_ID", 0)) - int(os.environ.get("SLURM_ARRAY_TASK_MIN", 0))
        return (place // step, count) if count > 1 else None
    parts = re.fullmatch(r"(\d+)/(\d+)", worker)
    must = 'be "auto", "all" or I/N with I from 1 to N'
    checks.require(parts is not None, "worker", must, repr(worker))
    place, count = (int(part) for part in parts.groups())  # type: ignore[union-attr]
    checks.require(1 <= place <= count, "worker", must, repr(worker))
    return place - 1, count


@contextlib.contextmanager
def _executor(address: str | None) -> Iterator[Executor | None]:
    """Gives the executor of the Dask scheduler at an address, or None."""
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("--dask needs the package distributed: pip install 'jaxqkd[cluster]'") from error
    with Client(address) as client:
        yield client.get_executor()


def set_up(compile_cache: str) -> None:
    """Gives XLA all cores and the compile cache, without which everything works, too, if slower."""
    use_all_cores()
    if compile_cache == "auto":
        try:
            use_compile_cache()
        except (ValueError, OSError) as error:
            print(f"jaxqkd: compiled programs are not kept: {error}", file=sys.stderr)
    elif compile_cache != "off":
        use_compile_cache(compile_cache)
