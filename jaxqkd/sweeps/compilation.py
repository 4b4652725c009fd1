"""Sweeps: a run is compiled once, kept, and run for every cell of a grid and every seed."""

import math
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
from jax.extend.core import jaxpr_as_fun

from jaxqkd import checks, memory
from jaxqkd.sweeps.arguments import (
    Grid,
    check_run,
    check_seeds,
    checked_axes,
    checked_devices,
    explained,
    is_local,
)
from jaxqkd.sweeps.lanes import Lanes, on_every_lane, put
from jaxqkd.types import Run

CACHE = 2**20
"""Bytes that the runs side by side on a CPU core may take by default: about its cache."""

PROGRAMS = 8
"""The most compiled sweeps that are kept for a run; the oldest makes room for another one."""


def sweep(
    run: Run,
    seeds: Any,
    grid: Grid | None = None,
    *,
    chunk: int | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> Any:
    """Returns the results of a run for each cell of the grid and each seed, as one pytree of arrays.

    All cells use the same seeds, so that differences between cells are paired by seed. The run is traced and
    compiled once. Each device takes `chunk` runs at a time; the last group is filled up with repeats, which are
    left out of the result. At the same `chunk`, results depend neither on the other runs nor on the number of
    devices, except that XLA compiles differently for one device than for several, which may change the last bits.

    A second sweep of the same run, with other keys and values of the same shapes, neither traces nor compiles. As
    with `jax.jit`, changes of globals or variables that the run uses then go unnoticed, and another function is
    another run: one that is made anew for each call, such as a lambda or a bound method, is compiled each time.
    Compiled programs are dropped with the run.

    Args:
        run: A function `(seed, hparams) -> pytree of arrays`; hparams is a dict with one scalar for each axis of
            the grid.
        seeds: Distinct random keys [S], as `jax.random.split` returns them; or a pytree that holds such keys and
            whose leaves all have the leading axis S, such as `(keys, data)` with data drawn for each seed.
        grid: Values by name as `grid` returns them, or None for runs without hyper-parameters.
        chunk: Number of runs side by side on a device, at least 2; more take more memory. Another number changes
            the last bits of the results. By default as many as fit a core's cache, 2 to 8, on a CPU, and elsewhere
            as many as fit half of the memory, 2 to 128.
        devices: Devices to use; by default all, including those of other processes if `jax.distributed` connects
            several, each of which then has to make the same call.

    Returns:
        A pytree like that of the run, with leaves [n_1, ..., n_k, S, ...] for grid axes of n_1 ... n_k values.

    Raises:
        ValueError: On missing or repeated keys, values out of their range, or runs that do not fit the memory.
    """
    return compile_sweep(run, seeds, grid, chunk=chunk, devices=devices)(seeds)


def compile_sweep(
    run: Run,
    seeds: Any,
    grid: Grid | None = None,
    *,
    chunk: int | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> Callable[[Any], Any]:
    """Returns the compiled sweep, a function of seeds of the same shapes.

    Its results equal those of `sweep(run, seeds, grid)`. Use it to time compilation apart from the runs. The seeds
    may be shapes (`jax.ShapeDtypeStruct`) alone.
    """
    check_run(run)
    check_seeds(seeds)
    axes, used = checked_axes(grid), checked_devices(devices)
    if chunk is not None:
        checks.integer("chunk", chunk, least=2)
    programs, key = _programs(run), _key(seeds, axes, chunk, used)
    program = programs.get(key)
    if program is None:
        program = _compiled(run, seeds, axes, chunk, used)
        while len(programs) >= PROGRAMS:
            programs.pop(next(iter(programs)))
        programs[key] = program
    values = put(tuple(axes.values()), program.lanes)
    return lambda seeds: program.call(put(seeds, program.lanes), values)


class _Program(NamedTuple):
    """A compiled sweep, a function of seeds and of the values of the axes."""

    call: jax.stages.Compiled
    lanes: Lanes


_PROGRAMS: dict[int, dict[Hashable, _Program]] = {}
"""Compiled sweeps by the identity of their run, which drops its own when it is deleted."""


def _programs(run: Run) -> dict[Hashable, _Program]:
    """Returns the compiled sweeps of a run; those of a run that allows no weak reference are not kept."""
    if id(run) not in _PROGRAMS:
        try:
            weakref.finalize(run, _PROGRAMS.pop, id(run), None)
        except TypeError:
            return {}
    return _PROGRAMS.setdefault(id(run), {})


def _key(
    seeds: Any, axes: Mapping[str, jax.Array], chunk: int | None, devices: tuple[jax.Device, ...]
) -> Hashable:
    """Returns all that a compiled sweep depends on, beside its run."""
    leaves, tree = jax.tree.flatten(seeds)
    shapes = tuple((leaf.shape, leaf.dtype, getattr(leaf, "weak_type", False)) for leaf in leaves)
    sizes = tuple((name, len(values)) for name, values in axes.items())
    return tree, shapes, sizes, chunk, devices, tuple(jax.config.values.items())


def _compiled(
    run: Run,
    seeds: Any,
    axes: Mapping[str, jax.Array],
    chunk: int | None,
    devices: tuple[jax.Device, ...],
) -> _Program:
    local = list(filter(is_local, devices))
    one, size = _traced(run, seeds, axes, local[0])
    cells, count = tuple(len(values) for values in axes.values()), len(jax.tree.leaves(seeds)[0])
    width = chunk or _default_width(math.prod(cells) * count, size, local)
    lanes = Lanes(cells, count, width, devices)
    if jax.process_count() == 1:
        lanes = lanes._replace(devices=devices[: math.ceil(lanes.total / width)])
    _check_memory(list(filter(is_local, lanes.devices)), width, size)
    shapes = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=lanes.everywhere),
        (seeds, (*axes.values(),)),
    )
    return _Program(jax.jit(on_every_lane(one, lanes)).lower(*shapes).compile(), lanes)


def _traced(
    run: Run, seeds: Any, axes: Mapping[str, jax.Array], device: jax.Device
) -> tuple[Callable[[Any, tuple], Any], int]:
    """Returns the run as a function of a seed and the values of the axes, and the most bytes that it holds.

    While it is traced, the device is JAX's default one, so that simulators check the memory of that device.
    """

    def one(seed: Any, values: tuple[jax.Array, ...]) -> Any:
        with explained(axes):
            return run(seed, dict(zip(axes, values, strict=True)))

    seed, values = jax.eval_shape(
        lambda tree: jax.tree.map(lambda leaf: leaf[0], tree), (seeds, (*axes.values(),))
    )
    with jax.default_device(device):
        program, shapes = jax.make_jaxpr(one, return_shape=True)(seed, values)
    call, form = jaxpr_as_fun(program), jax.tree.structure(shapes)
    return lambda *inputs: jax.tree.unflatten(form, call(*jax.tree.leaves(inputs))), memory.peak(program.jaxpr)


def _default_width(total: int, size: int, devices: Sequence[jax.Device]) -> int:
    """Returns the default number of runs side by side on a device: at least two, since one alone has other bits.

    It depends neither on the number of devices nor on memory in use, since another width changes the last bits.
    """
    room, most = (CACHE, 8) if devices[0].platform == "cpu" else (memory.capacity(devices) // 2, 128)
    return max(2, min(room // max(size, 1), most, total))


def _check_memory(devices: Sequence[jax.Device], width: int, size: int) -> None:
    room, need = memory.available(devices), len(devices) * width * size
    if need > room:
        fits = room // (len(devices) * size)
        cure = f"chunk={fits} fits." if fits > 1 else "Use smaller batches or fewer devices, qubits or layers."
        must = f"leave the runs in the {memory.readable(room)} of memory"
        amount = f"{memory.readable(need)}, {memory.readable(size)} a run"
        raise checks.error("chunk", must, f"{width} on each of {len(devices)} devices: {amount}", cure)
