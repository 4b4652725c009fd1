import numpy as np
import pytest

from jaxqkd.circuits import (
    Circuit,
    Gate,
    folded,
    hea,
    real_amplitudes,
    reuploading,
    strongly_entangling,
    universal,
)
from tests import reference

RY = Gate("ry", (0,), theta=0)
CNOT = Gate("cnot", (0, 1))


def flat(circuit):
    """All gates of a circuit, with an angle of its own each layer."""
    angles = circuit.shape[1]
    layers = [
        gate if gate.theta is None else gate._replace(theta=gate.theta + angles * layer)
        for layer in range(circuit.layers)
        for gate in circuit.gates
    ]
    return [*circuit.prefix, *layers]


@pytest.mark.parametrize(
    "circuit",
    [
        hea(qubits=3, layers=4, hadamard=True),
        universal(qubits=2, layers=5),
        real_amplitudes(qubits=3, layers=2),
        strongly_entangling(qubits=4, layers=6),
        reuploading(hea(qubits=2, layers=3), features=2),
        Circuit(
            2, 3, (RY._replace(factor=2.0, offset=0.5), CNOT), (Gate("rzz", (0, 1), x=(0, 1)), Gate("h", (0,)))
        ),
    ],
)
def test_layers_and_the_prefix_are_found(circuit):
    found = folded(circuit.qubits, flat(circuit))
    assert found.circuit == circuit
    assert found.order.tolist() == list(range(np.prod(circuit.shape)))
    assert folded(circuit.qubits, flat(circuit), layers=circuit.layers).circuit == circuit


def test_angles_are_renumbered_as_they_appear():
    gates = [RY._replace(theta=7), CNOT, RY._replace(theta=2), CNOT]
    found = folded(2, gates)
    assert found.circuit == Circuit(2, 2, (RY, CNOT))
    values = np.arange(10.0)
    np.testing.assert_array_equal(values[found.order].reshape(found.circuit.shape), [[7], [2]])


@pytest.mark.parametrize(
    "gates",
    [
        [RY, CNOT, RY, CNOT],  # the layers share their angle
        [RY, CNOT, RY._replace(theta=1), CNOT, RY._replace(theta=2)],  # a layer without its end
        [RY, CNOT, RY._replace(theta=1, factor=2.0), CNOT],
        [RY, CNOT, RY._replace(theta=1, offset=0.1), CNOT],
        [RY, Gate("rx", (0,), x=0), RY._replace(theta=1), Gate("rx", (0,), x=1)],
    ],
)
def test_gates_that_do_not_repeat_are_one_layer(gates):
    found = folded(2, gates)
    assert found.circuit == Circuit(2, 1, tuple(gates))
    assert folded(2, gates, layers=1).circuit == found.circuit
    with pytest.raises(
        ValueError, match=r"`layers` must divide the gates into layers .* but is 2\. Leave layers out"
    ):
        folded(2, gates, layers=2)


def test_features_before_the_first_trained_angle_are_the_prefix():
    start = [Gate("h", (0,)), CNOT, Gate("rz", (0,), x=0)]
    rest = [RY, RY._replace(theta=1), Gate("ry", (1,), theta=2)]
    found = folded(2, [*start, *rest]).circuit
    assert found == Circuit(2, 1, tuple(rest), tuple(start))
    theta, x = np.array([[0.3, -0.8, 0.5]]), np.array([1.1])
    whole = Circuit(2, 1, (*start, *rest))
    np.testing.assert_allclose(reference.unitary(found, theta, x), reference.unitary(whole, theta, x), atol=1e-15)


def test_no_gates_and_gates_without_angles_are_folded():
    assert folded(2, []).circuit == Circuit(2, 1, ())
    assert folded(2, [], layers=3).circuit == Circuit(2, 3, ())
    assert folded(2, [CNOT, CNOT, CNOT]).circuit == Circuit(2, 3, (CNOT,))
