import itertools

import numpy as np
import pytest

from jaxqkd import devices
from jaxqkd.circuits import Circuit, Gate, hea, real_amplitudes, universal
from jaxqkd.devices import layout
from jaxqkd.devices.calibrations import Calibration, Device, Qubit


def line(errors, readouts=None, *, coupling=None):
    """A device of qubits whose pairs have the given errors; by default each is coupled to the next."""
    pairs = coupling or list(itertools.pairwise(range(len(errors) + 1)))
    size = max(map(max, pairs)) + 1
    readouts = readouts or [0.01] * size
    qubits = tuple(Qubit(1e-4, 1e-4, error, error, error) for error in readouts)
    single = {(qubit,): Calibration(1e-4, 3e-8) for qubit in range(size)}
    two = {pair: Calibration(error, 1e-7) for pair, error in zip(pairs, errors, strict=True)}
    gates = {"rz": {(qubit,): Calibration(0.0, 0.0) for qubit in range(size)}, "sx": single, "cz": two}
    return Device("line", "2026-01-01", qubits, gates, ("cz", "rz", "sx"), tuple(pairs))


CHAIN = real_amplitudes(qubits=3, layers=2)


def test_the_best_stretch_of_a_line_is_found():
    assert set(line([0.05, 0.01, 0.02, 0.03, 0.01]).layout(CHAIN)) == {1, 2, 3}


def test_the_pair_with_most_gates_gets_the_best_coupling():
    gates = (*[Gate("cnot", (0, 1))] * 5, Gate("cnot", (1, 2)), Gate("ry", (0,), theta=0))
    assert line([0.02, 0.01]).layout(Circuit(3, 1, gates)) == (2, 1, 0)


def test_qubits_that_are_read_are_those_that_read_well():
    device = line([0.01, 0.01], readouts=[0.01, 0.01, 0.2])
    assert device.layout(CHAIN, measured=(2,))[2] == 0
    assert device.layout(CHAIN, measured=(0,))[0] == 0


def test_faulty_pairs_and_qubits_are_avoided():
    assert set(line([0.01, 1.0, 0.03, 0.03]).layout(CHAIN)) == {2, 3, 4}
    absurd = line([0.01, 0.01, 0.03, 0.03], readouts=[0.01, 0.9, 0.01, 0.01, 0.01])
    assert set(absurd.layout(CHAIN)) == {2, 3, 4}


def test_a_pair_that_is_faulty_in_one_direction_is_avoided():
    coupling = [(0, 1), (1, 2), (2, 1), (2, 3), (3, 4), (4, 5)]
    assert set(line([0.01, 0.01, 1.0, 0.03, 0.03, 0.03], coupling=coupling).layout(CHAIN)) <= {2, 3, 4, 5}


def test_a_device_without_enough_good_qubits_is_refused():
    with pytest.raises(ValueError, match="`device` must have 3 connected qubits without faults"):
        line([0.01, 1.0, 0.01]).layout(CHAIN)


def test_a_circuit_too_large_to_search_for_is_refused():
    with pytest.raises(ValueError, match="at most 8 qubits"):
        line([0.01] * 9).layout(hea(qubits=9, layers=1))


@pytest.mark.parametrize("circuit", [hea(qubits=4, layers=1), universal(qubits=4, layers=2)])
def test_the_search_finds_what_trying_all_orders_finds(circuit):
    random = np.random.default_rng(0)
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 3)]
    device = line(random.uniform(0.005, 0.05, len(pairs)), random.uniform(0.01, 0.1, 7).tolist(), coupling=pairs)
    costs, wanted = layout.costs_of(device), layout.demand_of(circuit)
    found = device.layout(circuit)
    each = [cost(costs, wanted, order) for order in itertools.permutations(range(7), 4)]
    assert cost(costs, wanted, found) == pytest.approx(min(each))


def cost(costs, wanted, order):
    """The cost of a layout, its distances by exhausting all paths within it."""
    total = sum(wanted.single[place] * costs.single[qubit] for place, qubit in enumerate(order))
    total += sum(costs.readout[qubit] for qubit in order)
    for first, second in itertools.combinations(range(len(order)), 2):
        if wanted.pairs[first, second]:
            ends = order[first], order[second]
            total += wanted.pairs[first, second] * min(paths(costs.pairs, ends, set(order)), default=np.inf)
    return total


def paths(pairs, ends, inside):
    """Costs of a gate between two qubits along each path: swaps, and then the gate on one of the path's pairs."""
    rest = inside - set(ends)
    for count in range(len(rest) + 1):
        for middle in itertools.permutations(rest, count):
            steps = [pairs[step] for step in itertools.pairwise((ends[0], *middle, ends[1]))]
            yield 3 * sum(steps[:-1]) + steps[-1]
            yield 3 * sum(steps[1:]) + steps[0]


def test_named_devices_of_each_kind_have_good_chains():
    for name in ("fez", "hanoi", "sherbrooke"):
        device = devices.load(name)
        chosen = device.layout(universal(qubits=6, layers=5))
        assert all(np.isfinite(layout.costs_of(device).pairs[pair]) for pair in itertools.pairwise(chosen))
