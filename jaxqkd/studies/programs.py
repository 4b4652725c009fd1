"""Computation: the results of one block, by programs that are compiled once a process."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxqkd import checks
from jaxqkd.runtime import use_all_cores
from jaxqkd.studies import store
from jaxqkd.studies.blocks import Result
from jaxqkd.studies.study import Block, Study, digest, seed_keys
from jaxqkd.sweeps import compile_sweep, grid

RESERVED = ("student", "seed", "epoch", "seconds", "compile_seconds")
"""Names that results have for other things."""


def compute(study: Study, block: Block) -> Result:
    """Returns the results of a block. It depends on nothing else, so it may be called anywhere.

    Programs and seed_data are kept for the next call in the same process.
    """
    with suppress(RuntimeError):  # the bits of one device are not those of several
        use_all_cores()
    call, compile_seconds = program(study, *block.program)
    seed_data, seed_data_digest = _seed_data(study, block.first)
    begun = time.monotonic()
    out = _on_host(call((_keys(study, block.first), seed_data)))
    _check_names(study, out)
    seconds = time.monotonic() - begun
    axes = len(study.settings) - len(study.static)
    count = block.stop - block.first
    values = {name: values[(slice(None),) * axes + (slice(count),)] for name, values in out.items()}
    facts = {
        "study": study.id,
        "block": str(block),
        "seed_data_sha256": seed_data_digest,
        "seconds": seconds,
        "compile_seconds": compile_seconds,
        "devices": [device.device_kind for device in jax.devices()],
        "versions": store.versions(),
    }
    return Result(values, facts)


class Program(NamedTuple):
    """A compiled sweep, and the seconds that its compilation took."""

    call: Callable[[Any], Any]
    seconds: float


@functools.lru_cache(maxsize=128)
def program(study: Study, student: str, static: tuple[tuple[str, Any], ...]) -> Program:
    """Returns the compiled program of a student at its static settings; of keys and seed_data."""
    begun = time.monotonic()
    run = study.run(student, **study.told(study.run), **dict(static))
    traced = {name: values for name, values in study.settings.items() if name not in study.static}
    axes = grid(**{name: _numbers(values) for name, values in traced.items()}) if traced else None
    call = compile_sweep(run, _taught(study), axes, chunk=study.chunk)
    return Program(call, time.monotonic() - begun)


@functools.lru_cache(maxsize=4)
def teachers(study: Study) -> Callable[[Any], Any]:
    """Returns the compiled program that makes the seed_data of a block from the keys of its seeds."""
    teach = _teach(study)
    return compile_sweep(lambda key, hparams: teach(key), _keys(study, 0), chunk=study.chunk)


@functools.lru_cache(maxsize=4)
def _taught(study: Study) -> Any:
    """Returns the shapes of the keys and seed_data of a block."""
    keys = jax.eval_shape(lambda: _keys(study, 0))
    seed_data = jax.eval_shape(_teach(study), jax.eval_shape(lambda keys: keys[0], keys))
    return keys, jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((*keys.shape, *leaf.shape), leaf.dtype), seed_data)


@functools.lru_cache(maxsize=2)
def _seed_data(study: Study, first: int) -> tuple[Any, str]:
    """Returns the seed_data of a block's seeds, and their SHA-256."""
    seed_data = _on_host(teachers(study)(_keys(study, first)))
    return seed_data, digest(seed_data)


def _check_names(study: Study, out: Any) -> None:
    named = isinstance(out, dict) and all(isinstance(name, str) and name.isidentifier() for name in out)
    held = f"one of {', '.join(map(str, out))}" if isinstance(out, dict) else f"a {type(out).__name__}"
    checks.require(named and study.score in out, "run", f"return a dict with `{study.score}`", held)
    taken = sorted({*RESERVED, *study.settings} & set(out))
    checks.require(not taken, "run", f"not return `{', '.join(taken)}`", "a name of a dimension", "Rename it.")


def _teach(study: Study) -> Callable[[Any], Any]:
    data = () if study.data is None else (study.data,)
    return lambda key: study.seed_data(key, *data, **study.told(study.seed_data))


def _keys(study: Study, first: int) -> jax.Array:
    return seed_keys(study.base, range(first, first + study.seeds_a_block))


def _numbers(values: Sequence[float | str]) -> Sequence[float]:
    named = any(isinstance(value, str) for value in values)
    return range(len(values)) if named else values  # type: ignore[return-value]


def _on_host(tree: Mapping[str, jax.Array]) -> Any:
    """Returns NumPy arrays, gathered from all processes where there are several."""
    if jax.process_count() > 1:
        from jax.experimental import multihost_utils

        tree = multihost_utils.process_allgather(tree, tiled=True)
    return jax.tree.map(np.asarray, tree)
