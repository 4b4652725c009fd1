"""The command line, thin: `jaxqkd reproduce`, `jaxqkd payoff` and `jaxqkd report`."""

import contextlib
import dataclasses
import functools
import io
import itertools
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from jaxqkd import __version__, checks
from jaxqkd.papers import payoff as payoff_study
from jaxqkd.papers import piperno2024
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.studies import outcome, results, running
from jaxqkd.studies.study import Study, cut

Count = Annotated[int, tyro.conf.arg(metavar="N")]
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")]
Directory = Annotated[Path, tyro.conf.arg(metavar="DIR")]

DESCRIPTION = (
    f"jaxqkd {__version__}: quantum knowledge distillation in JAX. A classical teacher's soft labels train small "
    "hybrid quantum students. (Not quantum key distribution.)"
)


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


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM, which a scheduler sends before it kills."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        0; 1 if every run diverged, 2 on bad input, 130 on Ctrl-C, 143 on SIGTERM.
    """
    commands: dict[str, Callable[..., int]] = {"reproduce": reproduce, "payoff": payoff, "report": report}
    try:
        with _terminable():
            return _parsed(commands, arguments)()
    except (ValueError, OSError, ImportError) as error:
        print(f"jaxqkd: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"jaxqkd: {stop or 'interrupted.'}", file=sys.stderr)
        return 143 if isinstance(stop, _TerminatedError) else 130


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM end the work as Ctrl-C does, where this is the main thread."""

    def stop(number: int, frame: Any) -> None:
        raise _TerminatedError

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _parsed(commands: Mapping[str, Callable[..., int]], arguments: Sequence[str] | None) -> Callable[[], int]:
    """Returns the command with its options; raises a ValueError of one line where tyro would print a box."""

    def delayed(command: Callable[..., int]) -> Callable[..., Callable[[], int]]:
        return functools.wraps(command)(lambda **options: functools.partial(command, **options))

    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.extras.subcommand_cli_from_dict(
                {name: delayed(command) for name, command in commands.items()},
                prog="jaxqkd",
                description=DESCRIPTION,
                args=arguments,
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        lines = [line.strip("│╭╮╰╯|+ ") for line in told.getvalue().splitlines()[1:]]  # the first is a title
        groups = itertools.groupby(lines, key=lambda line: bool(line.strip("─-")))
        message = next(" ".join(group) for has_text, group in groups if has_text)
        raise ValueError(f"{message.rstrip('.')}. See jaxqkd --help.") from None


def reproduce(
    *,
    seeds: Count = 12,
    epochs: Count = piperno2024.EPOCHS,
    students: Names = piperno2024.STUDENTS,
    readings: Names = tuple(piperno2024.READINGS),
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-reproduce")),
) -> int:
    """Reproduce the seed study: a teacher and eight students, without and with distillation, in three readings.

    Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024. Prints a table with a verdict for each
    student, and writes report.html, table.md, figure.png, runs.csv, results.nc and manifest.json. A run that was
    interrupted goes on with the same command.

    Args:
        seeds: Number of seeds; each draws its own data, teacher and initialisations. The paper has 12.
        epochs: The largest number of epochs of a training.
        students: Which students, out of linear hea universal universal_h q2 q3 q4 q5.
        readings: Which readings of the published training, out of logits softmax-twice unstable.
        seed: Another number draws other data and initialisations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    _set_up(execution.compile_cache)
    study = piperno2024.study(seeds=seeds, epochs=epochs, students=students, readings=readings, base=seed)
    return _carry_out(study, execution)


def payoff(
    *,
    seeds: Count = payoff_study.SEEDS,
    epochs: Count = payoff_study.EPOCHS,
    students: Names = tuple(payoff_study.STUDENTS),
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-payoff")),
) -> int:
    """Ask when distillation pays: few, noisy labels on a continuous three-class XOR, by temperature and alpha.

    Prints the paired gains over training without a teacher, with corrected tests, and writes report.html,
    table.md, figure.png, runs.csv, results.nc and manifest.json. A run that was interrupted goes on with the same
    command.

    Args:
        seeds: Number of seeds; each draws its own data, teachers and initialisations.
        epochs: Epochs of each training.
        students: Which students, out of linear mlp hea universal.
        seed: Another number draws other data and initialisations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    _set_up(execution.compile_cache)
    study = payoff_study.study(seeds=seeds, epochs=epochs, students=students, base=seed)
    return _carry_out(study, execution)


def report(directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]) -> int:
    """Write the report, the tables and the figures of a study again, from the blocks in its directory.

    Args:
        directory: Where a study's results are; every block has to be there.
    """
    return _finish(directory)


def _carry_out(study: Study, execution: Execution) -> int:
    """Runs a study, and presents it if all of its blocks are there."""
    share, out = _share(execution.worker), execution.out
    with _executor(execution.dask) as executor:
        try:
            running.run(study, out, executor=executor, share=share, console=Console(stderr=True))
        except KeyboardInterrupt as stop:
            raise type(stop)(f"interrupted; {_kept(study, out)}") from None
    if running.missing(study, out):
        print(f"This share is done; {_kept(study, out)}")
        return 0
    return _finish(out)


def _kept(study: Study, out: Path) -> str:
    total = len(cut(study.description))
    done = total - len(running.missing(study, out))
    again = "The same command goes on from there." if done else "The same command starts again."
    return f"{done} of {total} blocks are kept in {out}. {again}"


def _finish(out: Path) -> int:
    found = results.load(out)
    present = {"reproduce": piperno2024.present, "payoff": payoff_study.present}
    shown = present.get(found.attrs["study"], outcome.present)(found)
    outcome.save(out, found, shown)
    outcome.print_all(out, found, shown)
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


def _set_up(compile_cache: str) -> None:
    """Gives XLA all cores and the compile cache, without which everything works, too, if slower."""
    use_all_cores()
    if compile_cache == "auto":
        try:
            use_compile_cache()
        except (ValueError, OSError) as error:
            print(f"jaxqkd: compiled programs are not kept: {error}", file=sys.stderr)
    elif compile_cache != "off":
        use_compile_cache(compile_cache)
