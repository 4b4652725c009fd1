"""Execution: the sweeps of a study, compiled side by side and then run, with a progress bar."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from jaxqkd.sweeps import prepare
from jaxqkd.types import Run


class Task(NamedTuple):
    """One sweep of a study, and what people call it.

    Attributes:
        name: Shown while it works.
        run: The run; see `jaxqkd.sweep`.
        seeds: Its seeds; see `jaxqkd.sweep`.
        grid: Its grid, or None.
        chunk: Runs side by side on a device, or None for the default of `jaxqkd.sweep`.
    """

    name: str
    run: Run
    seeds: Any
    grid: Any = None
    chunk: int | None = None


class Timing(NamedTuple):
    """Wall-clock seconds of compilation and of the runs themselves."""

    compilation: float
    runs: float

    def plus(self, other: "Timing") -> "Timing":
        """Returns the time of both."""
        return Timing(self.compilation + other.compilation, self.runs + other.runs)


def execute(tasks: Sequence[Task], console: Console) -> tuple[list[Any], Timing]:
    """Returns the results of each task as NumPy arrays, and the time that all of them took.

    Programs are compiled side by side, one a core, since XLA compiles each on one; then each runs on all
    devices. The progress bar goes to the console.
    """
    start = time.monotonic()
    with _progress(console) as progress:
        bar = progress.add_task("compiling", total=len(tasks))

        def compiled(task: Task) -> Any:
            program = prepare(task.run, task.seeds, task.grid, chunk=task.chunk)
            progress.advance(bar)
            return program

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            programs = list(pool.map(compiled, tasks))
        between = time.monotonic()
        bar = progress.add_task("running", total=len(tasks))
        results = []
        for task, program in zip(tasks, programs, strict=True):
            progress.update(bar, description=f"running {task.name}")
            results.append(jax.tree.map(np.asarray, jax.block_until_ready(program(task.seeds))))
            progress.advance(bar)
        progress.update(bar, description="running")
    return results, Timing(between - start, time.monotonic() - between)


def seed_keys(base: int, count: int) -> jax.Array:
    """Returns random keys [count]; each comes from the base and the seed's own number 0 ... count - 1."""
    return jax.vmap(lambda number: jax.random.fold_in(jax.random.key(base), number))(np.arange(count))


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)
