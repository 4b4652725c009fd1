"""Sweeps: one run over a grid of hyper-parameters and many seeds, in one compiled program on all devices."""

import contextlib
import inspect
import math
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from jaxqkd import checks, memory
from jaxqkd.lanes import Lanes, on_every_lane, put
from jaxqkd.types import Run

__all__ = ["compile_sweep", "grid", "sweep"]

Grid = Mapping[str, Sequence[float] | jax.Array]

CACHE = 2**20
"""Bytes that the runs side by side on a CPU core may take by default: about its cache."""

PROGRAMS = 8
"""The most compiled sweeps that are kept for a run; the oldest makes room for another one."""

_RANGES: dict[str, Callable[[str, Any], None]] = {
    "temperature": checks.positive,
    "alpha": checks.fraction,
    "learning_rate": checks.positive,
}


def grid(**axes: Sequence[float] | jax.Array) -> dict[str, jax.Array]:
    """Returns the axes of a grid as arrays, checked; `sweep` runs their product.

    Args:
        **axes: Values by name. `temperature` and `learning_rate` must be positive, and `alpha` within [0, 1];
            all other names are free.

    Returns:
        One-dimensional arrays in the order of the arguments, which is that of the axes of results.

    Example:
        >>> list(grid(temperature=[1, 2, 4], alpha=[0, 0.5, 1]))
        ['temperature', 'alpha']
    """
    for name, values in axes.items():
        checks.rank(name, values, 1, "[values]")
        checks.require(len(values) > 0, name, "hold at least one value", "empty")
        numbers, dtype = np.asarray(values), jnp.zeros(()).dtype
        checks.require(numbers.dtype.kind in "iuf", name, "be numbers", f"of dtype {numbers.dtype}")
        kept = np.abs(numbers.astype(float)) <= jnp.finfo(dtype).max  # NaN and what becomes infinite are not
        checks.require(bool(np.all(kept)), name, f"be finite in {dtype}", values)
        _RANGES.get(name, lambda *_: None)(name, numbers)
    return {name: jnp.asarray(values, float) for name, values in axes.items()}


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
    _check_run(run)
    _check_seeds(seeds)
    axes, used = _checked_grid(grid), _checked_devices(devices)
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
    local = list(filter(_is_local, devices))
    one, size = _traced(run, seeds, axes, local[0])
    cells, count = tuple(len(values) for values in axes.values()), len(jax.tree.leaves(seeds)[0])
    width = chunk or _default_width(math.prod(cells) * count, size, local)
    lanes = Lanes(cells, count, width, devices)
    if jax.process_count() == 1:
        lanes = lanes._replace(devices=devices[: math.ceil(lanes.total / width)])
    _check_memory(list(filter(_is_local, lanes.devices)), width, size)
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
        with _explained(axes):
            return run(seed, dict(zip(axes, values, strict=True)))

    seed, values = jax.eval_shape(
        lambda tree: jax.tree.map(lambda leaf: leaf[0], tree), (seeds, (*axes.values(),))
    )
    with jax.default_device(device):
        program, shapes = jax.make_jaxpr(one, return_shape=True)(seed, values)
    call, form = jaxpr_as_fun(program), jax.tree.structure(shapes)
    return lambda *inputs: jax.tree.unflatten(form, call(*jax.tree.leaves(inputs))), memory.peak(program.jaxpr)


@contextlib.contextmanager
def _explained(axes: Mapping[str, jax.Array]) -> Iterator[None]:
    """Raises what users meet while their run is traced as errors that name the cure."""
    try:
        yield
    except KeyError as error:
        found = f"of {', '.join(axes) or 'no axes'} where the run has a KeyError of {error}"
        raise checks.error("grid", "hold all names that the run reads", found) from error
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        must = "not need the value of what is traced, as `if`, `int()` or NumPy do"
        cure = "Seeds and hyper-parameters are traced: use jax.numpy and jnp.where, or close over a static value."
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise checks.error("run", must, f"one that fails: {reason}", cure) from error


def _check_run(run: Run) -> None:
    """Refuses what cannot be called with a seed and hyper-parameters."""
    cure = "Write run(seed, hparams), and ignore what you do not need."
    checks.require(callable(run), "run", "be a function (seed, hparams)", f"a {type(run).__name__}", cure)
    try:
        taken = inspect.signature(run)
    except ValueError:  # some callables have none
        return
    try:
        taken.bind(None, None)
    except TypeError as error:
        raise checks.error("run", "take a seed and hyper-parameters", f"of signature {taken}", cure) from error


def _check_seeds(seeds: Any) -> None:
    """Refuses seeds without distinct keys, or whose leaves differ in the leading axis."""
    leaves = jax.tree.leaves(seeds)
    arrays = len(leaves) > 0 and all(hasattr(leaf, "dtype") for leaf in leaves)
    cure = "Use jax.random.split(key, seeds)."
    checks.require(arrays, "seeds", "be arrays that lead with the seeds", f"a {type(seeds).__name__}", cure)
    typed = [leaf for leaf in leaves if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)]
    bare = len(leaves) == 1 and leaves[0].dtype == np.uint32
    cure = "Make raw keys typed with jax.random.wrap_key_data."
    checks.require(bool(typed) or bare, "seeds", "hold random keys", "without any", cure)
    for keys in typed or leaves:
        if not isinstance(keys, jax.ShapeDtypeStruct):
            checks.keys("seeds", keys)
    counts = {leaf.shape[0] if leaf.ndim else 0 for leaf in leaves}
    checks.require(len(counts) == 1, "seeds", "have leaves with one leading axis", f"lengths {sorted(counts)}")


def _checked_grid(axes: Grid | None) -> dict[str, jax.Array]:
    return {} if axes is None else grid(**axes)


def _checked_devices(devices: Sequence[jax.Device] | None) -> tuple[jax.Device, ...]:
    used = tuple(jax.devices() if devices is None else devices)
    checks.require(len(used) > 0, "devices", "hold at least one device", "empty")
    own, cure = any(map(_is_local, used)), "Choose some of jax.local_devices()."
    checks.require(own, "devices", "hold a device of this process", list(used), cure)
    return used


def _is_local(device: jax.Device) -> bool:
    return device.process_index == jax.process_index()


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
