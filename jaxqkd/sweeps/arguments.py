"""Arguments of a sweep: the axes of a grid, seeds, devices and the run, checked before anything is traced."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Run

Grid = Mapping[str, Sequence[float] | jax.Array]

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


@contextlib.contextmanager
def explained(axes: Mapping[str, jax.Array]) -> Iterator[None]:
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


def check_run(run: Run) -> None:
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


def check_seeds(seeds: Any) -> None:
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


def checked_axes(axes: Grid | None) -> dict[str, jax.Array]:
    """Returns the axes of a grid, checked; none where it is None."""
    return {} if axes is None else grid(**axes)


def checked_devices(devices: Sequence[jax.Device] | None) -> tuple[jax.Device, ...]:
    """Returns the devices, all of JAX's where they are None; refuses those of other processes alone."""
    used = tuple(jax.devices() if devices is None else devices)
    checks.require(len(used) > 0, "devices", "hold at least one device", "empty")
    own, cure = any(map(is_local, used)), "Choose some of jax.local_devices()."
    checks.require(own, "devices", "hold a device of this process", list(used), cure)
    return used


def is_local(device: jax.Device) -> bool:
    """Returns whether the device belongs to this process."""
    return device.process_index == jax.process_index()
