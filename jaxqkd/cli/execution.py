"""Where an experiment runs and where its results go."""

import contextlib
import dataclasses
import os
import re
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from jaxqkd import checks, metrics
from jaxqkd.experiments import registry
from jaxqkd.experiments.registry import Experiment
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.statistics import fewest_seeds
from jaxqkd.studies import complete_seeds, load, missing, run
from jaxqkd.studies.study import Study, cut

Directory = Annotated[Path, tyro.conf.arg(metavar="DIR")]
Flat = tyro.conf.arg(name="")
"""Marks a dataclass whose fields are options without a prefix."""


@dataclasses.dataclass(frozen=True)
class Execution:
    """Where an experiment runs, and where its results go.

    Attributes:
        out: Where the results go: a new or empty directory, or one of the same study and options, which then goes
            on. Several processes may share one.
        worker: Compute only share I of N, such as "1/3" for the first of three jobs; "auto" takes it from the
            variables of a Slurm array, if there is one, and "all" is everything. The same command without shares
            then gathers the results.
        dask: Address of a Dask scheduler whose workers compute the blocks (extra `cluster`).
        compile_cache: Where compiled programs are kept for the next time: a private directory, "auto" for
            jaxqkd in the user's cache directory, or "off".
    """

    out: Directory
    worker: Annotated[str, tyro.conf.arg(metavar="auto|all|I/N")] = "auto"
    dask: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None
    compile_cache: Annotated[str, tyro.conf.arg(metavar="auto|off|DIR")] = "auto"


def carry_out(experiment: Experiment, options: Any, execution: Execution) -> int:
    """Runs an experiment, and reports it if all of its blocks are there; returns the command's exit status."""
    set_up(execution.compile_cache)  # before any array is made
    with _warnings_in_lines():
        study = experiment.study(options)
    _warn_of_few_seeds(experiment, study)
    share, out = _share(execution.worker), execution.out
    with _executor(execution.dask) as executor:
        try:
            run(study, out, executor=executor, share=share, console=Console(stderr=True))
        except KeyboardInterrupt as stop:
            raise type(stop)(f"interrupted; {_progress(study, out)}") from None
    if missing(study, out):
        print(f"This share is done; {_progress(study, out)}")
        return 0
    status = finish(out)
    if experiment.save is not None:
        with _warnings_in_lines():
            lines = experiment.save(options, study, load(out), out)
        for line in lines:
            print(line)
    return status


def finish(out: Path, *, so_far: bool = False) -> int:
    """Reports the experiment whose blocks are in a directory; returns the command's exit status."""
    from jaxqkd import reports  # which imports xarray

    seeds = complete_seeds(out) if so_far else None
    if seeds == 0:
        print(f"No seed is complete in {out} yet.")
        return 1
    results = load(out, units=metrics.UNITS, seeds=seeds)
    sections = registry.of_study(results.attrs["study"], results.attrs["version"]).report(results)
    reports.save(out, results, sections, command=f"jaxqkd report {out}")
    reports.print_report(out, results, sections)
    return int("diverged" in results and bool(results.diverged.all()))


def _warn_of_few_seeds(experiment: Experiment, study: Study) -> None:
    """Says before the run if no difference can be shown with so few seeds."""
    if experiment.comparisons is None:
        return
    count = experiment.comparisons(study)
    least = fewest_seeds(count)
    if study.seeds < least:
        text = f"{study.seeds} seeds can show no difference: with {count} comparisons, {least} are the fewest."
        print(f"jaxqkd: {text}", file=sys.stderr)


@contextlib.contextmanager
def _warnings_in_lines() -> Iterator[None]:
    """Prints each warning as a line of its own, at the end."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for warning in caught:
                print(f"jaxqkd: {warning.message}", file=sys.stderr)


def _progress(study: Study, out: Path) -> str:
    total = len(cut(study.description))
    done = total - len(missing(study, out))
    again = "The same command goes on from there." if done else "The same command starts again."
    return f"{done} of {total} blocks are kept in {out}. {again}"


def _share(worker: str) -> tuple[int, int] | None:
    """Returns the share (i, n), i from 0, or None for everything."""
    if worker == "all":
        return None
    if worker == "auto":
        return _slurm_share()
    parts = re.fullmatch(r"(\d{1,9})/(\d{1,9})", worker)
    place, count = map(int, parts.groups()) if parts else (0, 0)
    must = 'be "auto", "all" or I/N with I from 1 to N'
    checks.require(1 <= place <= count, "worker", must, repr(worker))
    return place - 1, count


def _slurm_share() -> tuple[int, int] | None:
    """Returns the share of a task of a Slurm array, or None outside of one."""
    count, step = _slurm("COUNT", 1, least=1), _slurm("STEP", 1, least=1)
    first, own = _slurm("MIN", 0), _slurm("ID", 0)
    share = (own - first) // step
    if count == 1:
        return None
    cure = "Pass --worker I/N, or --worker all."
    must, actual = f"lie in the array, from {first} on in {count} steps of {step}", own
    checks.require(0 <= share < count, "SLURM_ARRAY_TASK_ID", must, actual, cure)
    return share, count


def _slurm(name: str, default: int, *, least: int = 0) -> int:
    """Returns a number that Slurm tells the tasks of an array."""
    variable = f"SLURM_ARRAY_TASK_{name}"
    text = os.environ.get(variable, str(default))
    good = re.fullmatch(r"\d{1,9}", text) is not None and int(text) >= least
    must, cure = f"be a whole number from {least} on", "Pass --worker I/N, or --worker all."
    checks.require(good, variable, must, repr(text), cure)
    return int(text)


@contextlib.contextmanager
def _executor(address: str | None) -> Iterator[Executor | None]:
    """Yields the executor of the Dask scheduler at an address, or None without one."""
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
    """Gives XLA all cores and the compile cache; without the cache everything works, but more slowly."""
    use_all_cores()
    if compile_cache == "auto":
        try:
            use_compile_cache()
        except (ValueError, OSError) as error:
            print(f"jaxqkd: compiled programs are not kept: {error}", file=sys.stderr)
    elif compile_cache != "off":
        checks.require(bool(compile_cache), "compile_cache", "be auto, off or a directory", "empty")
        use_compile_cache(compile_cache)
