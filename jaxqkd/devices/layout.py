"""Layouts: the qubits of a device that a circuit is best put on, by the fidelities of its calibration.

The fidelity of a circuit is taken as the product over its gates and readouts, so that its negative logarithm is a
sum of costs. A gate between two qubits that are not coupled costs the swaps that bring them together, three gates
each.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, Gate, Part, check_measured
from jaxqkd.circuits.gates import has_angle, spec_of
from jaxqkd.devices.calibrations import Calibration, Device

MOST_QUBITS = 8
"""The most qubits of a circuit whose best layout is searched for."""
SWAP = 3
"""Two-qubit gates of a swap."""
FAULTY = 1e6
"""The cost of a qubit that is faulty; finite, since infinity times no gate is not a number."""


class Costs(NamedTuple):
    """Negative logarithms of fidelities; infinite where a calibration is faulty.

    Attributes:
        single: Of a one-qubit gate on each qubit [N].
        readout: Of the readout of each qubit [N].
        pairs: Of a two-qubit gate on each pair [N, N], symmetric.
    """

    single: np.ndarray
    readout: np.ndarray
    pairs: np.ndarray


class Demand(NamedTuple):
    """What a circuit asks of its qubits.

    Attributes:
        single: Number of one-qubit gates on each qubit [Q], those that are diagonal left out.
        readout: Whether each qubit is read [Q].
        pairs: Number of two-qubit gates on each pair [Q, Q], symmetric, counted as CNOTs.
    """

    single: np.ndarray
    readout: np.ndarray
    pairs: np.ndarray


def best(device: Device, circuit: Circuit, *, measured: Sequence[int] | None = None) -> tuple[int, ...]:
    """Returns the qubit of the device for each qubit of the circuit, with the largest product of fidelities.

    All connected sets of as many qubits are compared. Qubits and pairs whose calibration is missing or absurd are
    avoided. The product is over the circuit's gates before it is compiled: one for each one-qubit gate that is not
    diagonal, and one for each CNOT that a gate on several qubits consists of.

    Args:
        device: The device.
        circuit: The circuit, of at most 8 qubits.
        measured: The qubits of the circuit that are read; all of them where None.

    Raises:
        ValueError: If the circuit is too large, or the device has no connected set of as many qubits without
            faults.
    """
    cure = "Give a layout by hand: device.compile(circuit, layout=(...))."
    must = f"have at most {MOST_QUBITS} qubits for the best layout to be searched for"
    checks.require(circuit.qubits <= MOST_QUBITS, "circuit", must, f"of {circuit.qubits}", cure)
    costs, wanted = costs_of(device), demand_of(circuit, measured)
    found, cost = None, FAULTY
    for bound, members in _bounded(costs, wanted):
        if bound >= cost:
            break  # the bounds are sorted
        order, own = _arranged(costs, wanted, members)
        if own < cost:
            found, cost = tuple(members[place] for place in order), own
    if found is None:
        must = f"have {circuit.qubits} connected qubits without faults"
        raise checks.error("device", must, f"{device}, which has none", "See device.faults.")
    return found


def costs_of(device: Device) -> Costs:
    """Returns the costs of gates and readouts of a device."""
    size = len(device.qubits)
    faulty = {fault.qubits for fault in device.faults if not fault.is_usable and _concerns(device, fault.entry)}
    single, readout, pairs = np.zeros(size), np.zeros(size), np.full((size, size), np.inf)
    for number, qubit in enumerate(device.qubits):
        if (number,) in faulty:
            single[number] = readout[number] = FAULTY
            continue
        readout[number] = -np.log1p(-_mean(qubit.one_for_zero, qubit.zero_for_one))
        own = [device.gates[name].get((number,)) for name in device.basis if name in device.gates]
        errors = [calibration.error for calibration in own if calibration is not None]
        single[number] = -np.log1p(-max((error for error in errors if error is not None), default=0.0))
    for (first, second), calibration in _two_qubit_gates(device):
        cost = -np.log1p(-min(_mean(calibration.error), 0.99))
        pairs[first, second] = pairs[second, first] = min(cost, pairs[first, second])
    for first, second in (where for where in faulty if len(where) == 2):  # in either direction
        pairs[first, second] = pairs[second, first] = np.inf
    pairs[single == FAULTY, :] = pairs[:, single == FAULTY] = np.inf
    return Costs(single, readout, pairs)


def demand_of(circuit: Circuit, measured: Sequence[int] | None = None) -> Demand:
    """Returns what a circuit asks of its qubits."""
    single, pairs = np.zeros(circuit.qubits), np.zeros((circuit.qubits, circuit.qubits))
    for gates, times in ((circuit.prefix, 1), (circuit.gates, circuit.layers)):
        for gate in gates:
            if len(gate.qubits) == 1:
                single[gate.qubits[0]] += times * (spec_of(gate).kind != "diagonal")
            for (first, second), count in _entanglers(gate).items():
                pairs[first, second] += times * count
                pairs[second, first] += times * count
    readout = np.zeros(circuit.qubits, bool)
    readout[list(check_measured(measured, circuit.qubits))] = True
    return Demand(single, readout, pairs)


def _concerns(device: Device, entry: str) -> bool:
    """Returns whether a fault's entry is of a qubit itself, or of a gate of the basis."""
    return entry.split()[0] in (*device.basis, "T1", "T2", "readout", "qubit", "coupling")


def _mean(*errors: float | None) -> float:
    return sum(0.0 if error is None else error for error in errors) / len(errors)


def _two_qubit_gates(device: Device) -> Iterator[tuple[tuple[int, ...], Calibration]]:
    for name in device.basis:
        if name != "rzz":
            yield from (entry for entry in device.gates.get(name, {}).items() if len(entry[0]) == 2)


def _entanglers(gate: Gate) -> Counter[tuple[int, int]]:
    """Returns how many CNOTs a gate consists of, by pair."""
    if len(gate.qubits) < 2:
        return Counter()
    spec = spec_of(gate)
    parts = [part for part in spec.openqasm if isinstance(part, Part) and len(part.places) == 2]
    if parts:
        return Counter((gate.qubits[part.places[0]], gate.qubits[part.places[1]]) for part in parts)
    each = 1 if len(gate.qubits) == 2 and not has_angle(gate) else 2  # of controlled rotations and three qubits
    return Counter(dict.fromkeys(itertools.combinations(gate.qubits, 2), each))


def _bounded(costs: Costs, wanted: Demand) -> list[tuple[float, tuple[int, ...]]]:
    """Returns all connected sets of qubits with lower bounds of their costs, the least first."""
    count = len(wanted.single)
    gates = np.sort(wanted.pairs[np.triu_indices(count, 1)])[::-1]
    gates = gates[gates > 0]
    found = []
    for members in _connected(costs.pairs, count):
        inside = costs.pairs[np.ix_(members, members)][np.triu_indices(count, 1)]
        edges = np.sort(inside[np.isfinite(inside)])
        bound = _least(wanted.single, costs.single[list(members)])
        bound += np.sort(costs.readout[list(members)])[: wanted.readout.sum()].sum()
        near = min(len(edges), len(gates))
        bound += gates[:near] @ edges[:near]
        bound += (SWAP + 1) * gates[near:].sum() * (edges[0] if len(edges) else 0)
        found.append((float(bound), members))
    return sorted(found)


def _least(counts: np.ndarray, costs: np.ndarray) -> float:
    """Returns the least sum of products of counts and costs in any order: large counts with small costs."""
    return float(np.sort(counts)[::-1] @ np.sort(costs))


def _connected(pairs: np.ndarray, count: int) -> Iterator[tuple[int, ...]]:
    """Yields each connected set of so many qubits once, sorted."""
    coupled = [set(np.flatnonzero(np.isfinite(row)).tolist()) for row in pairs]

    def grown(members: tuple[int, ...], border: set[int], closed: set[int]) -> Iterator[tuple[int, ...]]:
        if len(members) == count:
            yield tuple(sorted(members))
            return
        closed = set(closed)
        for qubit in sorted(border):
            closed.add(qubit)  # sets with this qubit have been yielded when the next one is tried
            yield from grown((*members, qubit), (border | coupled[qubit]) - closed - set(members), closed)

    for first in range(len(pairs)):
        if coupled[first] or count == 1:
            yield from grown((first,), {other for other in coupled[first] if other > first}, set(range(first + 1)))


def _arranged(costs: Costs, wanted: Demand, members: Sequence[int]) -> tuple[np.ndarray, float]:
    """Returns the best order of a set's qubits and its cost, out of all orders."""
    chosen, count = list(members), len(members)
    orders = _orders(count)
    distances = _distances(costs.pairs[np.ix_(chosen, chosen)])
    total = np.zeros(len(orders))
    for qubit in range(count):
        own = wanted.single[qubit] * costs.single[chosen] + wanted.readout[qubit] * costs.readout[chosen]
        total += own[orders[:, qubit]]
    for first, second in zip(*np.nonzero(np.triu(wanted.pairs)), strict=True):
        total += wanted.pairs[first, second] * distances.ravel()[_places(count, int(first), int(second))]
    best = int(np.argmin(total))
    return orders[best], float(total[best])


@functools.cache
def _orders(count: int) -> np.ndarray:
    """Returns all orders [Q!, Q] of so many qubits."""
    return np.asfortranarray(np.array(list(itertools.permutations(range(count))), np.intp))


@functools.cache
def _places(count: int, first: int, second: int) -> np.ndarray:
    """Returns where the distance of two qubits stands in a flat matrix, for each of the orders [Q!]."""
    orders = _orders(count)
    return orders[:, first] * count + orders[:, second]


def _distances(pairs: np.ndarray) -> np.ndarray:
    """Returns the cost of a gate between any two qubits of a set: its own, and of swaps along the best path."""
    hops = np.where(np.isfinite(pairs), SWAP * pairs, np.inf)
    np.fill_diagonal(hops, 0)
    for through in range(len(hops)):
        hops = np.minimum(hops, hops[:, through, None] + hops[None, through, :])
    reached = np.min(hops[:, :, None] + np.where(np.isfinite(pairs), pairs, np.inf)[None], axis=1)
    np.fill_diagonal(reached, 0)
    return np.minimum(reached, reached.T)
