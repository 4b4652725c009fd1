import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import GATES, Circuit, Gate
from jaxqkd.quantum.simulators import statevector
from jaxqkd.quantum.simulators.statevector import lowering, rolled
from tests import reference


def circuit_of(count, *, qubits=3, features=0, layers=1, seed=0):
    """A circuit of random gates of the table."""
    rng = np.random.default_rng(seed)
    names = [
        name for name in GATES if lowering.has_lowering(Gate(name, tuple(range(GATES[name].qubits)), theta=0))
    ]
    gates, theta = [], 0
    for name in rng.choice(names, count):
        where = tuple(int(qubit) for qubit in rng.permutation(qubits)[: GATES[name].qubits])
        if not GATES[name].is_rotation:
            gates.append(Gate(str(name), where))
        elif features and rng.random() < 0.3:
            gates.append(Gate(str(name), where, x=int(rng.integers(features))))
        else:
            gates.append(Gate(str(name), where, theta=theta))
            theta += 1
    return Circuit(qubits, layers, tuple(gates), scale=0.5)


@pytest.mark.parametrize(("features", "layers"), [(0, 1), (0, 2), (2, 2)])
def test_a_rolled_layer_is_that_of_the_reference(features, layers, monkeypatch):
    monkeypatch.setattr(rolled, "LONG", 0)
    circuit = circuit_of(60, features=features, layers=layers)
    rng = np.random.default_rng(1)
    theta, x = rng.normal(size=circuit.shape), rng.normal(size=(2, 2))
    states = np.eye(8)[[0, 5]]
    expected = reference.expectations(circuit, theta, states, (0, 2), x if features else None)
    found = jax.jit(lambda theta, x: statevector.expectations(circuit, theta, states, measured=(0, 2), x=x))(
        jnp.asarray(theta, float), jnp.asarray(x, float)
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_gradients_of_a_rolled_layer_are_those_of_an_unrolled_one(monkeypatch):
    circuit = circuit_of(25, features=1, layers=2, seed=3)
    theta, x = jnp.ones(circuit.shape), jnp.ones((2, 1))

    def slopes():
        def read(theta, x):
            return statevector.expectations(circuit, theta, jnp.eye(8)[:2], measured=(0, 1), x=x)[0, 1]

        return jax.jit(jax.grad(read, argnums=(0, 1)))(theta, x)

    plain = slopes()
    monkeypatch.setattr(rolled, "LONG", 0)
    for one, other in zip(slopes(), plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
    assert max(float(jnp.abs(one).max()) for one in plain) > 1e-2


def test_circuits_of_single_qubits_and_without_angles_are_rolled(monkeypatch):
    monkeypatch.setattr(rolled, "LONG", 0)
    for circuit in (
        Circuit(1, 3, (Gate("ry", (0,), theta=0), Gate("s", (0,)), Gate("h", (0,)))),
        Circuit(2, 2, (Gate("h", (0,)), Gate("cnot", (0, 1)), Gate("t", (1,)))),
        Circuit(5, 1, (Gate("ry", (3,), theta=0), Gate("cz", (0, 4)))),
    ):
        theta = np.random.default_rng(0).normal(size=circuit.shape)
        found = statevector.unitary(circuit, jnp.asarray(theta, float))
        np.testing.assert_allclose(found, reference.unitary(circuit, theta), rtol=0, atol=1e-6)


def test_only_long_layers_are_rolled():
    short, long = circuit_of(10), circuit_of(300)
    assert not rolled.is_long(short.gates, 3)
    assert rolled.is_long(long.gates, 3)
    assert rolled.rounds(long.gates, 3).number < len(lowering.steps(long.gates, 3))
