import numpy as np
import pytest

from jaxqkd.circuits import Circuit, Gate, hea
from jaxqkd.circuits.folding import folded


def flat(circuit):
    """The gates of all layers, each with angles of its own."""
    width = circuit.shape[1]
    turned = [
        gate if gate.theta is None else gate._replace(theta=gate.theta + layer * width)
        for layer in range(circuit.layers)
        for gate in circuit.gates
    ]
    return [*circuit.prefix, *turned]


@pytest.mark.parametrize("circuit", [hea(qubits=3, layers=4), hea(qubits=2, layers=3, hadamard=True)])
def test_equal_layers_are_folded_and_their_angles_kept(circuit):
    found, order = folded(circuit.qubits, flat(circuit))
    assert found == circuit
    np.testing.assert_array_equal(order.ravel(), np.arange(order.size))


def test_layers_whose_angles_come_in_another_order_are_folded():
    pairs = [(0, 1), (3, 2)]
    gates = [
        Gate(name, (0,), theta=index) for pair in pairs for name, index in zip(("rx", "ry"), pair, strict=True)
    ]
    found, order = folded(1, gates)
    assert (found.layers, order.tolist()) == (2, [[0, 1], [3, 2]])


def test_layers_that_share_an_angle_are_not_folded():
    shared = [
        Gate("rx", (0,), theta=0),
        Gate("ry", (0,), theta=1),
        Gate("rx", (0,), theta=0),
        Gate("ry", (0,), theta=2),
    ]
    found, order = folded(1, shared)
    assert (found.layers, order.tolist()) == (1, [[0, 1, 2]])
    within = [Gate("rx", (0,), theta=index // 2) for index in range(6)]
    found, order = folded(1, within)
    assert (found.layers, order.tolist()) == (3, [[0], [1], [2]])


def test_nothing_and_fixed_gates_are_folded():
    assert folded(2, [])[0] == Circuit(2, 1, ())
    assert folded(1, [Gate("h", (0,))] * 3)[0] == Circuit(1, 3, (Gate("h", (0,)),))


def test_layers_may_be_counted():
    gates = [Gate("rx", (0,), theta=index) for index in range(6)]
    assert folded(1, gates)[0].layers == 6
    assert folded(1, gates, 2)[0] == Circuit(1, 2, tuple(gates[:3]))
    with pytest.raises(ValueError, match="`layers` must be the number of equal layers of the gates, but is 4"):
        folded(1, gates, 4)
