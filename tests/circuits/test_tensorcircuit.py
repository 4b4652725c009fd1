from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import backend
from jaxqkd.circuits import (
    GATES,
    Circuit,
    Gate,
    from_tensorcircuit,
    hea,
    reuploading,
    to_tensorcircuit,
    universal,
)
from tests import reference


def random_circuit(seed, qubits=3):
    """A circuit of every gate in random order on random qubits, in the prefix those without an angle."""
    random = np.random.default_rng(seed)
    gates = []
    for name, spec in GATES.items():
        place = tuple(random.permutation(qubits)[: spec.qubits].tolist())
        theta = sum(gate.theta is not None for gate in gates) if spec.is_rotation else None
        gates.append(Gate(name, place, theta=theta))
    prefix = tuple(gate for gate in gates if gate.theta is None)
    random.shuffle(gates)
    return Circuit(qubits, 2, tuple(Gate(*gate) for gate in gates), prefix, scale=0.5)


def angles(circuit, seed=0):
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, circuit.shape)


def unitary_of(circuit):
    """The matrix of a circuit of TensorCircuit that was built on JAX."""
    with backend.on_jax("complex64"):
        return np.asarray(circuit.quoperator().eval_matrix())


def empty(qubits):
    with backend.on_jax("complex64") as tc:
        return tc.Circuit(qubits)


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("seed", range(5))
def test_the_round_trip_keeps_the_unitary_of_a_random_circuit(seed):
    circuit = random_circuit(seed)
    theta = angles(circuit, seed)
    expected = reference.unitary(circuit, theta)
    theirs = to_tensorcircuit(circuit, theta)
    close(unitary_of(theirs), expected, 2e-6)
    ours = from_tensorcircuit(theirs)
    close(reference.unitary(ours.circuit, ours.theta), expected)
    assert len(ours.names) == ours.circuit.shape[1]


@pytest.mark.parametrize(
    "circuit",
    [hea(qubits=3, layers=4), hea(qubits=2, layers=3, hadamard=True), universal(qubits=4, layers=5)],
)
def test_the_round_trip_finds_the_layers_and_the_prefix(circuit):
    theta = angles(circuit).astype("float32")
    found = from_tensorcircuit(to_tensorcircuit(circuit, theta))
    assert found.circuit == circuit
    np.testing.assert_array_equal(found.theta, theta)
    assert found.names == tuple(f"theta_{index}" for index in range(circuit.shape[1]))


def test_features_are_bound_and_then_angles_of_their_own():
    circuit = reuploading(hea(qubits=2, layers=2), features=2)
    theta, x = angles(circuit), np.array([0.3, -0.7, 5.0])
    found = from_tensorcircuit(to_tensorcircuit(circuit, theta, x))
    assert found.circuit.shape == (2, 8)
    close(found.theta[:, :2], [[0.3, -0.7]] * 2)
    close(reference.unitary(found.circuit, found.theta), reference.unitary(circuit, theta, x))


def test_a_circuit_of_theirs_is_read_by_methods_and_matrices():
    theirs = empty(3)
    theirs.ccx(2, 0, 1)
    theirs.sdg(0)
    theirs.td(1)
    theirs.i(2)
    theirs.any(1, unitary=reference.GATES["sx"])
    theirs.ry(2)
    theirs.crz(1, 2, theta=0.4)
    theirs.barrier_instruction(0)
    theirs.measure_instruction(0)
    found = from_tensorcircuit(theirs)
    assert found.circuit == Circuit(
        3,
        1,
        (
            Gate("toffoli", (2, 0, 1)),
            Gate("sdg", (0,)),
            Gate("tdg", (1,)),
            Gate("sx", (1,)),
            Gate("ry", (2,), theta=0),
            Gate("crz", (1, 2), theta=1),
        ),
    )
    close(found.theta, [[0.0, 0.4]])


def test_circuits_without_gates_and_without_angles_are_read():
    assert from_tensorcircuit(empty(2)).circuit == Circuit(2, 1, ())
    repeated = empty(2)
    for _ in range(3):
        repeated.h(0)
        repeated.cnot(0, 1)
    found = from_tensorcircuit(repeated)
    assert found.circuit == Circuit(2, 3, (Gate("h", (0,)), Gate("cnot", (0, 1))))
    assert (found.theta.shape, found.names) == ((3, 0), ())


def test_a_circuit_is_written_in_a_trace_and_differentiated():
    circuit = replace(universal(qubits=2, layers=2), scale=2.0)
    theta = jnp.asarray(angles(circuit), "float32")

    def read(theta):
        with backend.on_jax("complex64"):
            return jnp.real(to_tensorcircuit(circuit, theta).expectation_ps(z=[0]))

    def expected(theta):
        return reference.expectations(circuit, theta, np.eye(4)[:1], (0,))[0, 0]

    value, slope = jax.jit(jax.value_and_grad(read))(theta)
    close(value, expected(theta))
    step = np.pi / 4  # a quarter turn each way, by the scale
    shifts = step * np.eye(theta.size).reshape(-1, *theta.shape)
    close(slope.ravel(), [expected(theta + shift) - expected(theta - shift) for shift in shifts], 1e-5)


def test_float64_angles_make_a_circuit_of_double_precision():
    circuit = hea(qubits=2, layers=1)
    with jax.enable_x64(True), backend.on_jax("complex128"):
        found = to_tensorcircuit(circuit, angles(circuit)).quoperator().eval_matrix()
    close(found, reference.unitary(circuit, angles(circuit)), 1e-14)


def test_phases_and_matrices_are_read():
    theirs = empty(2)
    theirs.phase(0, theta=0.4)
    theirs.cphase(0, 1, theta=-0.7)
    theirs.iswap(0, 1)
    theirs.any(1, unitary=np.diag([1, np.exp(0.3j)]))
    found = from_tensorcircuit(theirs)
    assert [gate.name for gate in found.circuit.gates] == ["p", "cp", "iswap", "unitary"]
    overlap = np.trace(unitary_of(theirs).conj().T @ reference.unitary(found.circuit, found.theta)) / 4
    assert abs(overlap) == pytest.approx(1, abs=1e-6)


def test_what_is_not_in_the_table_is_refused_by_name():
    for method, places, options in [
        ("depolarizing", (0,), {"px": 0.1, "py": 0.1, "pz": 0.1}),
    ]:
        theirs = empty(2)
        getattr(theirs, method)(*places, **options)
        with pytest.raises(ValueError, match=rf"have known gates, but is one with '{method}'. Write it in gates"):
            from_tensorcircuit(theirs)
    theirs = empty(1)
    theirs.reset_instruction(0)
    with pytest.raises(ValueError, match=r"must have gates and measurements only, but is one with \['reset'\]"):
        from_tensorcircuit(theirs)
    with pytest.raises(ValueError, match=r"`circuit` must be a tensorcircuit.Circuit, but is a Circuit"):
        from_tensorcircuit(hea(qubits=1, layers=1))


def test_traced_angles_are_refused_where_values_are_read():
    circuit = hea(qubits=1, layers=1)
    with pytest.raises(ValueError, match=r"`circuit` must have known angles, .* outside of jit"):
        jax.jit(lambda theta: from_tensorcircuit(to_tensorcircuit(circuit, theta)).theta)(jnp.zeros((1, 3)))


@pytest.mark.parametrize(
    ("theta", "x", "message"),
    [
        (np.zeros((1, 3)), np.zeros(1), r"`theta` must have the shape \(2, 3\), but is \(1, 3\)"),
        (np.zeros((2, 3)), None, r"`x` must have the shape \[D\] with D of at least 1, but is \(0,\)"),
        (np.zeros((2, 3)), np.zeros((1, 1)), r"`x` must have the shape \[D\] .* but is \(1, 1\)"),
    ],
)
def test_angles_and_features_that_do_not_fit_are_refused(theta, x, message):
    circuit = reuploading(hea(qubits=1, layers=2), features=1)
    with pytest.raises(ValueError, match=message):
        to_tensorcircuit(circuit, theta, x)
    assert from_tensorcircuit(to_tensorcircuit(circuit, np.zeros((2, 3)), np.zeros(2))).theta.size == 8
