"""Calibrations: what the owner of a device measured of its qubits and gates, at one date.

All times are in seconds; an error of a gate is 1 minus its average fidelity.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit
from jaxqkd.quantum.noise import NoiseModel

if TYPE_CHECKING:
    from jaxqkd.devices.compilation import Compiled

Pair = tuple[int, int]


class Qubit(NamedTuple):
    """The calibration of a qubit; None or NaN where an entry is missing.

    Attributes:
        t1: Relaxation time T1 in seconds.
        t2: Dephasing time T2 in seconds.
        one_for_zero: Probability of reading 1 where the qubit was prepared in 0.
        zero_for_one: Probability of reading 0 where it was prepared in 1.
        readout_error: The mean of both as the owner reports it.
    """

    t1: float | None = None
    t2: float | None = None
    one_for_zero: float | None = None
    zero_for_one: float | None = None
    readout_error: float | None = None


class Calibration(NamedTuple):
    """The calibration of a gate on its qubits; None or NaN where an entry is missing.

    Attributes:
        error: 1 minus the average gate fidelity.
        length: Duration in seconds; 0 for a virtual gate.
    """

    error: float | None = None
    length: float | None = None


class Fault(NamedTuple):
    """An entry of a calibration that is missing or absurd.

    Attributes:
        qubits: The qubit, or the pair, that it is of.
        entry: Which entry, such as "T1" or "cz error".
        problem: What is wrong with it.
        is_usable: Whether noise can be made of it nevertheless, with a warning.
    """

    qubits: tuple[int, ...]
    entry: str
    problem: str
    is_usable: bool = False

    def __str__(self) -> str:
        where = f"qubit {self.qubits[0]}" if len(self.qubits) == 1 else f"pair {self.qubits}"
        return f"{where}: {self.entry} {self.problem}"


@dataclass(frozen=True, eq=False, repr=False)
class Device:
    """A device as its owner calibrated it. `load`, `read` and `from_qiskit` make one.

    Attributes:
        name: Its name.
        date: When it was calibrated, as the owner writes it.
        qubits: The calibration of each qubit.
        gates: By the name of a gate, the calibration of each qubit or (control, target) that it acts on.
        basis: Names of the gates that a compiled circuit consists of, as Qiskit names them.
        coupling: The pairs (control, target) that its two-qubit gate acts on.
    """

    name: str
    date: str
    qubits: tuple[Qubit, ...]
    gates: Mapping[str, Mapping[tuple[int, ...], Calibration]]
    basis: tuple[str, ...]
    coupling: tuple[Pair, ...]

    def __repr__(self) -> str:
        return f"Device({self.name}, {len(self.qubits)} qubits, {self.entangler}, calibrated {self.date})"

    @functools.cached_property
    def entangler(self) -> str:
        """The name of the two-qubit gate of its basis that acts on most pairs, "none" without one."""
        names = [name for name in self.basis if name != "rzz"]
        counts = {name: sum(len(where) == 2 for where in self.gates.get(name, ())) for name in names}
        best = max(counts, key=lambda name: counts[name], default="none")
        return best if counts.get(best) else "none"

    @functools.cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Every entry that is missing or absurd, by qubit and pair; nothing is left out because of one."""
        return (*_of_qubits(self.qubits), *_of_gates(self), *_of_pairs(self))

    def layout(self, circuit: Circuit, *, measured: Sequence[int] | None = None) -> tuple[int, ...]:
        """Returns the best qubits of the device for a circuit; see `jaxqkd.devices.layout.best`."""
        from jaxqkd.devices import layout

        return layout.best(self, circuit, measured=measured)

    def compile(self, circuit: Circuit, *, layout: Sequence[int] | None = None, **options: Any) -> "Compiled":
        """Returns the circuit in the basis of the device; see `jaxqkd.devices.compilation.compiled`."""
        from jaxqkd.devices import compilation

        return compilation.compiled(self, circuit, layout=layout, **options)

    def noise(self, compiled: "Compiled", **options: Any) -> NoiseModel:
        """Returns the noise of a compiled circuit; see `jaxqkd.devices.noise.noise_of`."""
        from jaxqkd.devices import noise

        return noise.noise_of(self, compiled, **options)


def check_qubits(device: Device, layout: Sequence[int], count: int) -> tuple[int, ...]:
    """Returns a layout as plain integers; refuses one that does not name `count` distinct qubits of the device."""
    last = len(device.qubits) - 1
    cure = f"Leave it out: device.layout(circuit) finds the best qubits of {device.name}."
    listed = isinstance(layout, Sequence | np.ndarray) and not isinstance(layout, str)
    checks.require(listed, "layout", "be a sequence of qubits", repr(layout), cure)
    good = all(isinstance(qubit, int | np.integer) and 0 <= qubit <= last for qubit in layout)
    must = f"name {count} distinct qubits out of 0 ... {last}"
    checks.require(good and len(set(layout)) == len(layout) == count, "layout", must, list(layout), cure)
    return tuple(map(int, layout))


def _of_qubits(qubits: Sequence[Qubit]) -> Iterator[Fault]:
    for number, qubit in enumerate(qubits):
        if not any(map(_known, qubit)):
            yield Fault((number,), "qubit", "has no calibration")
            continue
        yield from _of_number((number,), "T1", qubit.t1, lambda time: 0 < time < 1, " s")
        yield from _of_number((number,), "T2", qubit.t2, lambda time: 0 < time < 1, " s")
        if _known(qubit.t1) and _known(qubit.t2) and qubit.t2 > 2 * qubit.t1 > 0:
            problem = f"is {qubit.t2 / qubit.t1:.3g} T1, more than twice T1"
            yield Fault((number,), "T2", problem, is_usable=True)
        for name, value in (("P(1|0)", qubit.one_for_zero), ("P(0|1)", qubit.zero_for_one)):
            yield from _of_number((number,), f"readout {name}", value, lambda error: 0 <= error < 0.5)


def _of_gates(device: Device) -> Iterator[Fault]:
    for name, places in device.gates.items():
        for where, (error, length) in places.items():
            worst = 1 - 1 / (2 ** len(where) + 1)  # that of a gate after which nothing is left of the state
            yield from _of_number(where, f"{name} error", error, functools.partial(_is_below, worst))
            yield from _of_number(where, f"{name} length", length, lambda time: 0 <= time < 1, " s")


def _of_number(
    qubits: tuple[int, ...], entry: str, value: float | None, is_good: Callable[[float], bool], unit: str = ""
) -> Iterator[Fault]:
    if not _known(value):
        yield Fault(qubits, entry, "is missing")
    elif not is_good(value):
        yield Fault(qubits, entry, f"is {value:g}{unit}")


def _of_pairs(device: Device) -> Iterator[Fault]:
    """Yields the qubits and pairs that gates of the basis are missing on."""
    single = [name for name in device.basis if any(len(where) == 1 for where in device.gates.get(name, ()))]
    for name in single:
        for qubit in range(len(device.qubits)):
            if (qubit,) not in device.gates[name]:
                yield Fault((qubit,), f"{name} error", "is missing")
    known = {frozenset(where) for name in device.basis for where in device.gates.get(name, ()) if len(where) == 2}
    for pair in device.coupling:
        if frozenset(pair) not in known:
            yield Fault(pair, "coupling", "has no gate with a calibration")


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and bool(np.isfinite(value))


def _is_below(most: float, error: float) -> bool:
    return 0 <= error < most
