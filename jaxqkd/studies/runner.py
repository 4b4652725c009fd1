"""Running: the blocks of a study that are not there yet, here or by an executor, each kept as it is done."""

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import jax
import numpy as np

from jaxqkd import checks
from jaxqkd.runtime import use_all_cores
from jaxqkd.studies import blocks, store
from jaxqkd.studies.blocks import Result
from jaxqkd.studies.programs import compute, program, teachers
from jaxqkd.studies.study import Block, Study, cut

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

PAUSE = 0.1
"""Seconds between two looks at what others are doing."""


def run(
    study: Study,
    directory: str | os.PathLike,
    *,
    executor: Executor | None = None,
    share: tuple[int, int] | None = None,
    console: "Console | None" = None,
) -> None:
    """Computes the blocks of a study that a directory does not hold yet, and keeps each as soon as it is done.

    A second call does nothing; one after a crash goes on, and has lost one block at most, or one a worker. Several
    processes that run one study in one directory share the blocks between them. Read the results with `load`.

    Args:
        study: What to run.
        directory: Where the results go: new, empty, or one of the same study.
        executor: Computes the blocks elsewhere: any `concurrent.futures.Executor`, or what has its `submit` and
            returns something with `done` and `result`. This process then writes what comes back.
        share: `(i, n)`: only every n-th block, from the i-th on, such as for the i-th job of an array of n.
        console: Where the progress goes, as `Console(stderr=True)`; nowhere by default.

    Raises:
        ValueError: If the directory holds anything else; the message tells the difference.
        OSError: If it cannot be written.
    """
    where = Path(directory)
    _check_share(share)
    _use_several_devices()
    if _is_first():
        store.claim(where, study)
    missing = _missing(where, study, [block for block in cut(study.description) if _is_in(share, block)])
    try:
        with _progress(console) as progress:
            if executor is None:
                _run_here(study, where, missing, progress)
            else:
                _run_there(study, where, missing, progress, executor)
    except BaseException:
        if _is_first():
            store.release(where)
        raise


def missing(study: Study, directory: str | os.PathLike) -> list[Block]:
    """Returns the blocks of a study that a directory does not hold, or not undamaged."""
    where = Path(directory)
    return [
        block
        for block in cut(study.description)
        if not blocks.is_whole(blocks.path(where, block.number), study.id)
    ]


def _run_here(study: Study, where: Path, missing: Sequence[Block], progress: "Progress") -> None:
    """Computes each block as soon as its program is compiled; those of the others are compiled meanwhile."""
    bar = progress.add_task("running", total=len(missing))
    with _compiled_ahead(study, missing, progress) as wait_for:
        for block in _in_turn(study, where, missing):
            progress.update(bar, description=f"running {block}")
            wait_for(block)
            _keep(study, where, block, compute(study, block))
            progress.advance(bar)
    progress.update(bar, description="done", completed=len(missing))


@contextlib.contextmanager
def _compiled_ahead(
    study: Study, missing: Sequence[Block], progress: "Progress"
) -> Iterator[Callable[[Block], object]]:
    """Compiles in the background what the blocks need; gives a function that waits for a block's program."""
    if not missing or jax.process_count() > 1:  # several processes have to do everything in one order
        yield lambda block: None
        return
    programs = list(dict.fromkeys(block.program for block in missing))
    bar = progress.add_task("compiling", total=len(programs) + 1)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        teaching: Future[Any] = pool.submit(teachers, study)
        compiling: dict[Any, Future[Any]] = {at: pool.submit(program, study, *at) for at in programs}
        for future in (teaching, *compiling.values()):
            future.add_done_callback(lambda _: progress.advance(bar))
        yield lambda block: (teaching.result(), compiling[block.program].result())
    finally:
        pool.shutdown(cancel_futures=True)


def _in_turn(study: Study, where: Path, missing: Sequence[Block]) -> Iterator[Block]:
    """Yields each block that no other process is at or has done, until all are done by someone."""
    left = list(missing)
    while left:
        waiting = []
        for block in left:
            with _held(where, block) as is_ours:
                if not is_ours:
                    waiting.append(block)
                elif not _agreed(blocks.is_whole(blocks.path(where, block.number), study.id)):
                    yield block
        left = waiting
        if left:
            time.sleep(PAUSE)


def _run_there(
    study: Study, where: Path, missing: Sequence[Block], progress: "Progress", executor: Executor
) -> None:
    """Submits every block; those that come back are kept before the first failure, if any, is raised."""
    bar = progress.add_task("running elsewhere", total=len(missing))
    pending = [(block, executor.submit(compute, study, block)) for block in missing]
    failures = []
    while pending:
        done = [pair for pair in pending if pair[1].done()]
        pending = [pair for pair in pending if not any(pair is other for other in done)]
        for block, future in done:
            try:
                _keep(study, where, block, future.result())
            except OSError:
                raise
            except Exception as error:
                failures.append(error)
            progress.advance(bar)
        time.sleep(0 if done else PAUSE)
    if failures:
        raise failures[0]


def _keep(study: Study, where: Path, block: Block, result: Result) -> None:
    if _is_first():
        blocks.save(blocks.path(where, block.number), result)


@contextlib.contextmanager
def _held(where: Path, block: Block) -> Iterator[bool]:
    """Holds a block against other processes; yields False where one has it. The system frees a dead one's hold.

    Where files cannot be locked, every process takes every block: then they do the same work to the same bits.
    """
    if jax.process_count() > 1:
        yield True
        return
    name = where / "blocks" / f".{block.number:05d}.lock"
    lock = filelock.FileLock(name, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True
        return
    try:
        yield True
    finally:
        lock.release()
        name.unlink(missing_ok=True)


def _missing(where: Path, study: Study, wanted: Sequence[Block]) -> list[Block]:
    """Returns those of the wanted blocks that are not there, as the first process sees it."""
    there = {block.number for block in missing(study, where)} if _is_first() else set()
    lacking = _agreed(np.asarray([block.number in there for block in wanted], bool))
    return [block for block, is_lacking in zip(wanted, lacking, strict=True) if is_lacking]


def _use_several_devices() -> None:
    """Gives XLA all cores if it has not started yet; warns where it has, and its bits are those of one device."""
    try:
        use_all_cores()
    except RuntimeError:
        if jax.device_count() == 1 and jax.default_backend() == "cpu":
            told = "call jaxqkd.use_all_cores() before any computation for the same bits as everywhere"
            warnings.warn(f"XLA has started with a single CPU device: {told}.", stacklevel=3)


def _is_in(share: tuple[int, int] | None, block: Block) -> bool:
    return share is None or block.number % share[1] == share[0]


def _check_share(share: tuple[int, int] | None) -> None:
    if share is not None:
        checks.integer("share", share[1])
        checks.integer("share", share[0], least=0)
        checks.require(share[0] < share[1], "share", "be (i, n) with i < n", share)


def _is_first() -> bool:
    """Returns whether this is the process that writes: the only one, or the first of several."""
    return jax.process_index() == 0


def _agreed(value: Any) -> Any:
    """Returns what the first process says, in all of them."""
    if jax.process_count() == 1:
        return value
    from jax.experimental import multihost_utils

    return multihost_utils.broadcast_one_to_all(np.asarray(value))


def _progress(console: "Console | None") -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Elapsed(),
        TextColumn("left"),
        Remaining(),
    )
    return Progress(*columns, console=console, disable=console is None)
