"""Memory: how much there is, how much a program would take, and a refusal before it is asked for."""

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from jax.extend.core import Jaxpr, Literal, Var, jaxprs_in_params

from jaxqkd import checks

CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Files that hold a Linux container's limit in bytes, or a word where there is none."""


def available(devices: Sequence[jax.Device]) -> int:
    """Returns the bytes of memory of the devices together; CPU devices share the machine's or the container's."""
    if devices[0].platform != "cpu":
        stats = [device.memory_stats() or {} for device in devices]
        return sum(told.get("bytes_limit", sys.maxsize) for told in stats)
    limits = [sys.maxsize]
    if hasattr(os, "sysconf"):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    texts = [Path(path).read_text().strip() for path in CGROUP_LIMITS if Path(path).exists()]
    return min(limits + [int(text) for text in texts if text.isdigit()])


def peak(jaxpr: Jaxpr) -> int:
    """Returns the most bytes that a program holds at once beside its inputs, if it frees each array after its use.

    XLA fuses some operations and copies for others; its own figure is within a third of this one in practice.
    """
    last_use = {variable: len(jaxpr.eqns) for variable in jaxpr.outvars if not isinstance(variable, Literal)}
    for place, equation in reversed(list(enumerate(jaxpr.eqns))):
        for variable in equation.invars:
            if not isinstance(variable, Literal):
                last_use.setdefault(variable, place)
    held: dict[Var, int] = {}
    most = 0
    for place, equation in enumerate(jaxpr.eqns):
        inside = max(map(peak, jaxprs_in_params(equation.params)), default=0)
        made = {variable: size_of(variable.aval) for variable in equation.outvars}
        most = max(most, sum(held.values()) + max(inside, sum(made.values())))
        held = {variable: size for variable, size in (held | made).items() if last_use.get(variable, -1) > place}
    return most


def size_of(array: Any) -> int:
    """Returns the bytes of an abstract array, from its shape and dtype."""
    is_key = jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key)
    return math.prod(array.shape) * (8 if is_key else array.dtype.itemsize)


def check_states(qubits: int, batch: int) -> None:
    """Refuses a batch of states of which there is no room for two, before and after a gate, in complex64."""
    room, state = available(jax.local_devices()[:1]), 2 * 8 * 2**qubits
    if state * batch <= room:
        return
    fits = [f"a batch of {room // state}"] * (room >= state)
    fits += [f"{most} qubits" for most in [(room // (16 * batch)).bit_length() - 1] if most > 0]
    must = f"fit in the {readable(room)} of memory"
    found = f"a batch of {batch} for {qubits} qubits, which takes {readable(state * batch)}"
    checks.require(False, "states", must, found, f"What fits is {' or '.join(fits) or 'a smaller batch'}.")


def check_vectors(qubits: int, count: int, layers: int) -> None:
    """Refuses noise for which there is no room: so many vectors of 4^Q numbers in float32 for each layer."""
    room = available(jax.local_devices()[:1])
    need = 4 * 4**qubits * count * (layers + 2)
    if need <= room:
        return
    most = next(fewer for fewer in range(qubits - 1, -1, -1) if need // 4 ** (qubits - fewer) <= room or not fewer)
    must = f"fit in the {readable(room)} of memory under noise"
    found = f"{qubits}, for {count} vectors of 4^{qubits} numbers a layer: {readable(need)}"
    cure = f"With {most} qubits they fit; or sample, see jaxqkd.quantum.simulators.trajectories."
    checks.require(False, "qubits", must, found, cure)


def readable(size: int) -> str:
    """Returns a number of bytes in the largest unit that leaves it above 1, such as "1.5 GiB"."""
    order = min((max(size, 1).bit_length() - 1) // 10, 6)
    return f"{size / 1024**order:.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB')[order]}"
