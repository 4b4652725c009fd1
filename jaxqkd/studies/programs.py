"""Computation: the results of one block, by programs that a process compiles once."""

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
from jaxqkd.sweeps import compile_sweep, grid, sweep
from jaxqkd.types import Run

RESERVED = ("student", "seed", "epoch", "seconds", "compile_seconds")
"""Names that a run may not return: results have them for other things."""


def compute(study: Study, block: Block) -> Result:
    """Returns the results of a block. It depends on its arguments alone, so any process may call it.

    Programs and seed data are cached for the next call in the same process.
    """
    with suppress(RuntimeError):  # XLA has started already, with the devices that it has
        use_all_cores()
    call, compile_seconds = program(study, *block.program)
    seed_data, seed_data_sha256 = _seed_data(study, block.first)
    begun = time.monotonic()
    out = _on_host(call((_keys(study, block.first), seed_data)))
    _check_names(study, out)
    seconds = time.monotonic() - begun
    traced = (slice(None),) * (len(study.settings) - len(study.static))
    kept = (*traced, slice(block.stop - block.first))  # without the seeds that fill the last block
    facts = {
        "study": study.id,
        "block": str(block),
        "seed_data_sha256": seed_data_sha256,
        "seconds": seconds,
        "compile_seconds": compile_seconds,
        "devices": [device.device_kind for device in jax.devices()],
        "versions": store.versions(),
    }
    return Result({name: values[kept] for name, values in out.items()}, facts)


def rerun(study: Study, seed: int, run: Run) -> Any:
    """Returns what a run returns for one seed, whose key and data are those of the study, as NumPy arrays.

    Args:
        study: The study.
        seed: The number of the seed.
        run: A function `((key, seed_data), hparams) -> pytree`; its hparams are empty.
    """
    first = seed - seed % study.seeds_a_block
    keys = _keys(study, first)
    block = keys, seed_data_program(study)(keys)  # the whole block, for the bits that the study has
    own = jax.tree.map(lambda leaf: leaf[seed - first : seed - first + 1], block)
    return jax.tree.map(lambda leaf: np.asarray(leaf[0]), sweep(run, own))


class Program(NamedTuple):
    """A compiled sweep, and the seconds that its compilation took."""

    call: Callable[[Any], Any]
    seconds: float


@functools.lru_cache(maxsize=128)
def program(study: Study, student: str, static: tuple[tuple[str, Any], ...]) -> Program:
    """Returns the compiled program of a student at its static settings, a function of keys and seed data."""
    begun = time.monotonic()
    run = study.run(student, **study.options_of(study.run), **dict(static))
    traced = {name: values for name, values in study.settings.items() if name not in study.static}
    axes = grid(**{name: _numbers(values) for name, values in traced.items()}) if traced else None
    call = compile_sweep(run, _shapes(study), axes, chunk=study.chunk)
    return Program(call, time.monotonic() - begun)


@functools.lru_cache(maxsize=4)
def seed_data_program(study: Study) -> Callable[[Any], Any]:
    """Returns the compiled program that makes the data of a block's seeds from their keys."""
    draw = _draw(study)
    return compile_sweep(lambda key, hparams: draw(key), _keys(study, 0), chunk=study.chunk)


@functools.lru_cache(maxsize=4)
def _shapes(study: Study) -> Any:
    """Returns the shapes of the keys and data of a block's seeds."""
    keys = jax.eval_shape(lambda: _keys(study, 0))
    seed_data = jax.eval_shape(_draw(study), jax.eval_shape(lambda keys: keys[0], keys))
    return keys, jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((*keys.shape, *leaf.shape), leaf.dtype), seed_data)


@functools.lru_cache(maxsize=2)
def _seed_data(study: Study, first: int) -> tuple[Any, str]:
    """Returns the data of a block's seeds, and their SHA-256."""
    seed_data = _on_host(seed_data_program(study)(_keys(study, first)))
    return seed_data, digest(seed_data)


def _check_names(study: Study, out: Any) -> None:
    is_named = isinstance(out, dict) and all(isinstance(name, str) and name.isidentifier() for name in out)
    kind = f"one of {', '.join(map(str, out))}" if isinstance(out, dict) else f"a {type(out).__name__}"
    checks.require(is_named and study.score in out, "run", f"return a dict with `{study.score}`", kind)
    taken = sorted({*RESERVED, *study.settings} & set(out))
    checks.require(not taken, "run", f"not return `{', '.join(taken)}`", "a name of a dimension", "Rename it.")


def _draw(study: Study) -> Callable[[Any], Any]:
    """Returns the study's `seed_data` as a function of the key alone."""
    data = () if study.data is None else (study.data,)
    return lambda key: study.seed_data(key, *data, **study.options_of(study.seed_data))


def _keys(study: Study, first: int) -> jax.Array:
    return seed_keys(study.base, range(first, first + study.seeds_a_block))


def _numbers(values: Sequence[float | str]) -> Sequence[float]:
    """Returns the values of a setting as a traced run is passed them: numbers, or indices of names."""
    named = any(isinstance(value, str) for value in values)
    return range(len(values)) if named else values  # type: ignore[return-value]


def _on_host(tree: Mapping[str, jax.Array]) -> Any:
    """Returns the leaves as NumPy arrays, gathered from all processes if there are several."""
    if jax.process_count() > 1:
        from jax.experimental import multihost_utils

        tree = multihost_utils.process_allgather(tree, tiled=True)
    return jax.tree.map(np.asarray, tree)
