"""Memory: how much is there, how much a program takes, and errors before it is allocated."""

import math
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var

from jaxqkd import checks

CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Files with the limit of a Linux container in bytes, or a word if there is none."""


def available(devices: Sequence[jax.Device]) -> int:
    """Returns the bytes that the devices have free together, if all of them take the same amount.

    Bytes in use are subtracted. CPU devices share the memory of the machine or its container, whether in use or
    not; any other device that does not report its memory counts as unlimited.
    """
    if devices[0].platform == "cpu":
        return _of_machine()
    stats = [device.memory_stats() or {} for device in devices]
    return len(stats) * max(0, min(_limit(figures) - figures.get("bytes_in_use", 0) for figures in stats))


def capacity(devices: Sequence[jax.Device]) -> int:
    """Returns the bytes of memory, in use or not, of the smallest of the devices."""
    if devices[0].platform == "cpu":
        return _of_machine()
    return min(_limit(device.memory_stats() or {}) for device in devices)


def _limit(figures: Mapping[str, int]) -> int:
    return figures.get("bytes_limit", sys.maxsize)


def _of_machine() -> int:
    limits = [sys.maxsize]
    if hasattr(os, "sysconf"):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    texts = [Path(path).read_text().strip() for path in CGROUP_LIMITS if Path(path).exists()]
    return min(limits + [int(text) for text in texts if text.isdigit()])


def _default_device() -> list[jax.Device]:
    """Returns the device that JAX computes on by default: that of `jax.default_device`, or the first one."""
    device = jax.config.values["jax_default_device"]
    return [device] if isinstance(device, jax.Device) else jax.local_devices(backend=device)[:1]


def peak(jaxpr: Jaxpr) -> int:
    """Returns the most bytes that a program holds at once beside its inputs.

    Each array is freed after its last use. XLA fuses some operations and copies arrays for others; in practice its
    own figure is within a third of this one.
    """
    last_use = {variable: len(jaxpr.eqns) for variable in jaxpr.outvars if not isinstance(variable, Literal)}
    for place, equation in reversed(list(enumerate(jaxpr.eqns))):
        for variable in equation.invars:
            if not isinstance(variable, Literal):
                last_use.setdefault(variable, place)
    held: dict[Var, int] = {}
    most = 0
    for place, equation in enumerate(jaxpr.eqns):
        inside = max(map(peak, _inside(equation.params)), default=0)
        made = {variable: size_of(variable.aval) for variable in equation.outvars}
        most = max(most, sum(held.values()) + max(inside, sum(made.values())))
        held = {variable: size for variable, size in (held | made).items() if last_use.get(variable, -1) > place}
    return most


def _inside(params: Any) -> list[Jaxpr]:
    """Returns the programs among the parameters of an equation, such as the body of a scan."""
    leaves = jax.tree.leaves(params, is_leaf=lambda leaf: isinstance(leaf, Jaxpr | ClosedJaxpr))
    opened = [leaf.jaxpr if isinstance(leaf, ClosedJaxpr) else leaf for leaf in leaves]
    return [leaf for leaf in opened if isinstance(leaf, Jaxpr)]


def size_of(array: Any) -> int:
    """Returns the bytes of an abstract array, from its shape and dtype."""
    is_key = jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key)
    return math.prod(array.shape) * (8 if is_key else array.dtype.itemsize)


def check_states(qubits: int, batch: int) -> None:
    """Refuses a batch of states too large to hold twice, before and after a gate, in complex64."""
    room, state = available(_default_device()), 2 * 8 * 2**qubits
    if state * batch <= room:
        return
    options = [f"a batch of {room // state}"] * (room >= state)
    options += [f"{most} qubits" for most in [(room // (16 * batch)).bit_length() - 1] if most > 0]
    must = f"fit in the {readable(room)} of memory"
    size = f"a batch of {batch} for {qubits} qubits, which takes {readable(state * batch)}"
    raise checks.error("states", must, size, f"What fits is {' or '.join(options) or 'a smaller batch'}.")


def check_vectors(qubits: int, count: int, layers: int) -> None:
    """Refuses a simulation under noise whose vectors, `count` of 4^Q numbers in float32 a layer, do not fit."""
    room = available(_default_device())
    need = 4 * 4**qubits * count * (layers + 2)
    if need <= room:
        return
    most = next(fewer for fewer in range(qubits - 1, -1, -1) if need // 4 ** (qubits - fewer) <= room or not fewer)
    must = f"fit in the {readable(room)} of memory under noise"
    size = f"{qubits}, for {count} vectors of 4^{qubits} numbers a layer: {readable(need)}"
    cure = f"{most} qubits fit; or use simulator=jaxqkd.simulators.trajectories(n)."
    raise checks.error("qubits", must, size, cure)


def readable(size: int) -> str:
    """Returns a number of bytes in the largest unit in which it is at least 1, such as "1.5 GiB"."""
    order = min((max(size, 1).bit_length() - 1) // 10, 6)
    return f"{size / 1024**order:.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB')[order]}"
