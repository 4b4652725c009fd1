"""Running: the missing blocks of a study are computed, here or by an executor, each kept once it is done."""

import contextlib
import os
import time
import warnings
from collections import deque
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
from jaxqkd.studies.programs import compute, program, seed_data_program
from jaxqkd.studies.study import Block, Study, cut

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

PAUSE = 0.1
"""Seconds between two looks at what other processes have done."""


def run(
    study: Study,
    directory: str | os.PathLike,
    *,
    executor: Executor | None = None,
    share: tuple[int, int] | None = None,
    console: "Console | None" = None,
) -> None:
    """Computes the blocks of a study that a directory does not hold yet, and keeps each as soon as it is done.

    A second call does nothing. A call after a crash goes on; the crash costs each worker one block at most.
    Several processes that run one study in one directory share the blocks between them. Read the results with
    `load`.

    Args:
        study: What to run.
        directory: Where the results go: new, empty, or one of the same study.
        executor: Computes the blocks elsewhere: any `concurrent.futures.Executor`, or an object whose `submit`
            returns futures with `done` and `result`. This process then writes the blocks.
        share: `(i, n)`: only every n-th block, from the i-th on, for the i-th of n jobs.
        console: Shows the progress, such as `Console(stderr=True)`; by default nothing does.

    Raises:
        ValueError: If the directory holds anything else; the message names the difference.
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
    """Returns the blocks of a study that are missing in a directory, or damaged."""
    where = Path(directory)
    return [
        block
        for block in cut(study.description)
        if not blocks.is_whole(blocks.path(where, block.number), study.id)
    ]


def _run_here(study: Study, where: Path, missing: Sequence[Block], progress: "Progress") -> None:
    """Computes each block once its program is compiled; the other programs are compiled in the background."""
    bar = progress.add_task("running", total=len(missing))
    with _compiling(study, missing, progress) as wait_for_program:
        for block in _claimed(study, where, missing):
            progress.update(bar, description=f"running {block}")
            wait_for_program(block)
            _keep(study, where, block, compute(study, block))
            progress.advance(bar)
    progress.update(bar, description="done", completed=len(missing))


@contextlib.contextmanager
def _compiling(study: Study, missing: Sequence[Block], progress: "Progress") -> Iterator[Callable[[Block], None]]:
    """Compiles the programs of the blocks in background threads; yields a function that waits for a block's."""
    if not missing or jax.process_count() > 1:  # several processes have to compile and run in the same order
        yield lambda block: None
        return
    programs = list(dict.fromkeys(block.program for block in missing))
    bar = progress.add_task("compiling", total=1 + len(programs))
    pool = ThreadPoolExecutor(os.cpu_count())
    seed_data = pool.submit(seed_data_program, study)
    compiled = {key: pool.submit(program, study, *key) for key in programs}
    futures: list[Future[Any]] = [seed_data, *compiled.values()]
    for future in futures:
        future.add_done_callback(lambda _: progress.advance(bar))

    def wait_for_program(block: Block) -> None:
        seed_data.result()
        compiled[block.program].result()

    try:
        yield wait_for_program
    finally:
        pool.shutdown(cancel_futures=True)


def _claimed(study: Study, where: Path, missing: Sequence[Block]) -> Iterator[Block]:
    """Yields, locked and one at a time, the blocks that no other process computes.

    A block that another process has locked is looked at again after the rest: it is done by then, or that process
    has died and its lock with it.
    """
    queue = deque(missing)
    while queue:
        block = queue.popleft()
        with _lock(where, block) as is_locked:
            if is_locked and not _agreed(blocks.is_whole(blocks.path(where, block.number), study.id)):
                yield block
        if not is_locked:
            queue.append(block)
            time.sleep(PAUSE / len(queue))  # once round the queue takes PAUSE


def _run_there(
    study: Study, where: Path, missing: Sequence[Block], progress: "Progress", executor: Executor
) -> None:
    """Submits every block, keeps those that succeed, and then raises the first failure if there is one."""
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
def _lock(where: Path, block: Block) -> Iterator[bool]:
    """Locks a block; yields False if another process has. The operating system frees the lock of a dead process.

    Where files cannot be locked, every process computes every block, to the same bits.
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
    """Returns the wanted blocks that are missing, as the first process sees it."""
    numbers = {block.number for block in missing(study, where)} if _is_first() else set()
    lacking = _agreed(np.asarray([block.number in numbers for block in wanted], bool))
    return [block for block, is_lacking in zip(wanted, lacking, strict=True) if is_lacking]


def _use_several_devices() -> None:
    """Gives XLA all cores; warns if it has started with one device, whose bits are not those of several."""
    try:
        use_all_cores()
    except RuntimeError:
        if jax.device_count() == 1 and jax.default_backend() == "cpu":
            cure = "call jaxqkd.use_all_cores() before any computation for the same bits as everywhere"
            warnings.warn(f"XLA has started with a single CPU device: {cure}.", stacklevel=3)


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
    """Returns the first process's value in all processes."""
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
