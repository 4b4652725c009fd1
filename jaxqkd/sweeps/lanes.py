"""Lanes: many runs of one function in one program, a number of them side by side on each device."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

EVERYWHERE, SPLIT = PartitionSpec(), PartitionSpec("lanes")

One = Callable[[Any, tuple[jax.Array, ...]], Any]
"""A function of seeds, or of one, and of the values of the axes of a grid, or of one cell."""


class Lanes(NamedTuple):
    """The runs in their order, by cell and then by seed.

    Attributes:
        cells: Sizes of the axes of the grid.
        seeds: Number of seeds.
        width: Number of runs side by side on a device.
        devices: The devices.
    """

    cells: tuple[int, ...]
    seeds: int
    width: int
    devices: tuple[jax.Device, ...]

    @property
    def total(self) -> int:
        """The number of runs."""
        return math.prod(self.cells) * self.seeds

    @property
    def mesh(self) -> Mesh:
        """The devices as a mesh, whose axis is that of the lanes."""
        return Mesh(np.asarray(self.devices), ("lanes",))

    @property
    def everywhere(self) -> NamedSharding:
        """The sharding of arrays that all devices hold."""
        return NamedSharding(self.mesh, EVERYWHERE)


def on_every_lane(one: One, lanes: Lanes) -> One:
    """Returns all runs as a function of seeds and values, whose results are [*cells, seeds, ...].

    Args:
        one: One run: a function of a seed and of one value of each axis.
        lanes: The order of the runs.
    """

    def group(seeds: Any, values: tuple[jax.Array, ...], places: jax.Array) -> Any:
        def at(place: jax.Array) -> Any:
            seed = jax.tree.map(lambda leaf: leaf[place[0]], seeds)
            return one(seed, tuple(axis[index] for axis, index in zip(values, place[1:], strict=True)))

        return jax.lax.map(at, places, batch_size=lanes.width)

    specs = (EVERYWHERE, EVERYWHERE, SPLIT)
    spread = jax.shard_map(group, mesh=lanes.mesh, in_specs=specs, out_specs=SPLIT, check_vma=False)

    def every_lane(seeds: Any, values: tuple[jax.Array, ...]) -> Any:
        results = spread(seeds, values, jnp.asarray(_places(lanes), jnp.int32))
        shape = (*lanes.cells, lanes.seeds)
        return jax.tree.map(lambda leaf: leaf[: lanes.total].reshape(*shape, *leaf.shape[1:]), results)

    return every_lane


def put(tree: Any, lanes: Lanes) -> Any:
    """Returns the arrays of the tree on all devices, including those of other processes."""
    everywhere = lanes.everywhere

    def one(leaf: jax.Array) -> jax.Array:
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(one(jax.random.key_data(leaf)), impl=jax.random.key_impl(leaf))
        host = np.asarray(leaf)
        return jax.make_array_from_callback(host.shape, everywhere, lambda index: host[index])

    return jax.device_put(tree, everywhere) if jax.process_count() == 1 else jax.tree.map(one, tree)


def _places(lanes: Lanes) -> np.ndarray:
    """Returns the index of the seed and those of the cell for each lane, [lanes, 1 + axes].

    The number of lanes is a multiple of those that run together; repeats of the last one fill them up.
    """
    together = lanes.width * len(lanes.devices)
    lane = np.minimum(np.arange(math.ceil(lanes.total / together) * together), lanes.total - 1)
    cell = np.unravel_index(lane // lanes.seeds, lanes.cells) if lanes.cells else ()
    return np.stack([lane % lanes.seeds, *cell], axis=1)
