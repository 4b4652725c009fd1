"""Sweeps: one run over a grid of hyper-parameters and many seeds, in one compiled program on all devices."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxqkd import checks, memory
from jaxqkd.types import Run

Grid = Mapping[str, Sequence[float] | jax.Array]

CACHE = 2**20
"""Bytes that the runs side by side on a CPU should keep to by default: about a core's cache."""

_RANGES: dict[str, Callable[[str, Any], None]] = {
    "temperature": checks.positive,
    "alpha": checks.fraction,
    "learning_rate": checks.positive,
}


def grid(**axes: Sequence[float] | jax.Array) -> dict[str, jax.Array]:
    """Returns the axes of a grid as arrays, checked; `sweep` runs their product.

    Args:
        **axes: Values by name. `temperature` and `learning_rate` must be positive, `alpha` within [0, 1];
            other names are the user's own.

    Returns:
        One-dimensional arrays in the order of the arguments, which is the order of the result's axes.

    Example:
        >>> list(grid(temperature=[1, 2, 4], alpha=[0, 0.5, 1]))
        ['temperature', 'alpha']
    """
    for name, values in axes.items():
        checks.rank(name, values, 1, "[values]")
        checks.require(len(values) > 0, name, "hold at least one value", "empty")
        numbers = np.asarray(values)
        checks.require(numbers.dtype.kind in "iuf", name, "be numbers", f"of dtype {numbers.dtype}")
        checks.require(bool(np.all(np.isfinite(numbers))), name, "be finite", values)
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
    """Returns what run returns for each cell of the grid and each seed, as one pytree of arrays.

    Every cell uses the same seeds, so that differences between cells are paired by seed. The run is traced and
    compiled once. Runs go through each device in groups of `chunk`, all devices at once; the last group is
    padded with repeats, which are dropped from the result. At one `chunk`, results do not depend on what other
    runs do, nor on how many devices there are, but that XLA compiles otherwise for one device than for several,
    which may show in the last bits.

    Args:
        run: A function `(seed, hparams) -> pytree of arrays`; hparams is a dict with one scalar a grid axis.
        seeds: Distinct random keys [S], as `jax.random.split` returns them; or a pytree that holds such keys,
            whose leaves all lead with the axis S, such as `(keys, data)` with data drawn for each seed.
        grid: Values by name as `grid` returns them, or None for runs without hyper-parameters.
        chunk: Runs side by side on a device, at least 2; more take more memory. Another number changes the
            last bits of the results. By default as many as fit a core's cache, 2 to 8, on a CPU, and as many as
            fit half of the memory, at most 128, elsewhere.
        devices: Devices to use; all by default, those of other processes included where `jax.distributed` has
            joined several, all of which then have to call this with the same arguments.

    Returns:
        A pytree like the run's, with leaves [n_1, ..., n_k, S, ...] for grid axes of n_1 ... n_k values.

    Raises:
        ValueError: On no keys or repeated ones, values out of their range, or runs that memory cannot hold.
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
    """Returns the sweep compiled ahead of time: a function of seeds of the same shapes.

    What it returns equals `sweep(run, seeds, grid)`. Use it to call one program several times, or to time
    compilation apart from the runs. The seeds may be shapes (`jax.ShapeDtypeStruct`) alone.
    """
    count, axes = _count(seeds), _checked(grid)
    cells = tuple(len(values) for values in axes.values())
    total = math.prod(cells) * count
    found = list(jax.devices() if devices is None else devices)
    checks.require(len(found) > 0, "devices", "hold at least one device", "empty")
    one, size = _traced(run, seeds, axes)
    width = _width(chunk, total, size, found[0].platform)
    used = found if jax.process_count() > 1 else found[: math.ceil(total / width)]
    _check_memory([device for device in used if device in jax.local_devices()], width, size)
    mesh, places = Mesh(np.asarray(used), ("lanes",)), _places(cells, count, width * len(used))
    everywhere, split = PartitionSpec(), PartitionSpec("lanes")

    def group(seeds: Any, values: tuple[jax.Array, ...], places: jax.Array) -> Any:
        def at(place: jax.Array) -> Any:
            seed = jax.tree.map(lambda leaf: leaf[place[0]], seeds)
            return one(seed, tuple(axis[index] for axis, index in zip(values, place[1:], strict=True)))

        return jax.lax.map(at, places, batch_size=width)

    specs = (everywhere, everywhere, split)
    spread = jax.shard_map(group, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)

    def every_lane(seeds: Any, values: tuple[jax.Array, ...]) -> Any:
        done = spread(seeds, values, jnp.asarray(places, jnp.int32))
        return jax.tree.map(lambda leaf: leaf[:total].reshape(*cells, count, *leaf.shape[1:]), done)

    on_all = NamedSharding(mesh, everywhere)
    values = _put(tuple(axes.values()), on_all)  # a tuple, since jit would sort a dict and with it the axes
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=on_all), seeds)
    compiled = jax.jit(every_lane).lower(shapes, values).compile()
    return lambda seeds: compiled(_put(seeds, on_all), values)


def _put(tree: Any, on_all: NamedSharding) -> Any:
    """Returns the arrays of the tree on all devices, those of other processes included."""

    def put(leaf: jax.Array) -> jax.Array:
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(put(jax.random.key_data(leaf)), impl=jax.random.key_impl(leaf))
        host = np.asarray(leaf)
        return jax.make_array_from_callback(host.shape, on_all, lambda index: host[index])

    return jax.device_put(tree, on_all) if jax.process_count() == 1 else jax.tree.map(put, tree)


def _traced(run: Run, seeds: Any, axes: Mapping[str, jax.Array]) -> tuple[Callable[[Any, tuple], Any], int]:
    """Returns the run as a function of a seed and the values of the axes, and the bytes that it holds at most."""

    def one(seed: Any, values: tuple[jax.Array, ...]) -> Any:
        return run(seed, dict(zip(axes, values, strict=True)))

    seed, values = jax.eval_shape(
        lambda tree: jax.tree.map(lambda leaf: leaf[0], tree), (seeds, (*axes.values(),))
    )
    program, shapes = jax.make_jaxpr(one, return_shape=True)(seed, values)
    call, form = jaxpr_as_fun(program), jax.tree.structure(shapes)
    return lambda *inputs: jax.tree.unflatten(form, call(*jax.tree.leaves(inputs))), memory.peak(program.jaxpr)


def _places(cells: tuple[int, ...], count: int, together: int) -> np.ndarray:
    """Returns where each lane finds its seed and its cell [lanes, 1 + axes]; lanes are cells, then seeds.

    The lanes are a multiple of those that run together; the last run fills up.
    """
    total = math.prod(cells) * count
    lane = np.minimum(np.arange(math.ceil(total / together) * together), total - 1)
    return np.stack([lane % count, *(np.unravel_index(lane // count, cells) if cells else ())], axis=1)


def _count(seeds: Any) -> int:
    """Returns the number of seeds, after a check that their keys are distinct."""
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
    return counts.pop()


def _checked(axes: Grid | None) -> dict[str, jax.Array]:
    return {} if axes is None else grid(**axes)


def _width(chunk: int | None, total: int, size: int, platform: str) -> int:
    """Returns the runs side by side on a device: at least two, since a run alone differs in its last bits.

    The number of devices has no say: another width changes the last bits too.
    """
    if chunk is not None:
        checks.integer("chunk", chunk, least=2)
        return chunk
    room, most = (CACHE, 8) if platform == "cpu" else (memory.available(jax.local_devices()[:1]) // 2, 128)
    return max(2, min(room // max(size, 1), most, total))


def _check_memory(devices: Sequence[jax.Device], width: int, size: int) -> None:
    room, need = memory.available(devices), len(devices) * width * size
    if need > room:
        fits = room // (len(devices) * size)
        cure = f"chunk={fits} fits." if fits > 1 else "Use smaller batches or fewer devices, qubits or layers."
        must = f"leave the runs in the {memory.readable(room)} of memory"
        told = f"{width} on each of {len(devices)} devices: {memory.readable(need)}, {memory.readable(size)} a run"
        checks.require(False, "chunk", must, told, cure)
