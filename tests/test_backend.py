import functools
import importlib.metadata
import itertools
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import backend
from jaxqkd.circuits import hea, universal
from jaxqkd.quantum.simulators import statevector
from tests import reference
from tests.reference import FIXED, ROTATIONS

PLACEMENTS = [
    (name, places, qubits)
    for name, size in (FIXED | ROTATIONS).items()
    for qubits in (1, 2, 3)
    for places in itertools.permutations(range(qubits), size)
]


@pytest.fixture
def tensorcircuit():
    """Tensorcircuit, whose global state and jax's are put back after the test."""
    environment, x64 = dict(os.environ), jax.config.jax_enable_x64
    import tensorcircuit as tc

    backend, precision = tc.backend.name, tc.dtypestr
    yield tc
    tc.set_backend(backend)
    tc.set_dtype(precision)
    jax.config.update("jax_enable_x64", x64)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


@pytest.fixture
def global_state(tensorcircuit):
    def state():
        return tensorcircuit.backend.name, tensorcircuit.dtypestr, jax.config.jax_enable_x64, dict(os.environ)

    return state


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_gate_on_every_placement_equals_the_reference(dtype):
    with jax.enable_x64(dtype == "float64"):
        for name, places, qubits in PLACEMENTS:
            angle = 0.7 if name in ROTATIONS else None
            angles = jnp.array([0.7] * (name in ROTATIONS), dtype)
            found = backend.matrix([(name, places)], qubits, angles)
            expected = reference.embed(reference.matrix(name, angle), places, qubits)
            assert found.dtype == {"float32": "complex64", "float64": "complex128"}[dtype]
            tolerance = {"float32": 1e-6, "float64": 1e-14}[dtype]
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance, err_msg=f"{name} {places}")


def test_gates_multiply_in_order_with_their_angles():
    gates = [("rx", (0,)), ("cnot", (1, 0)), ("ry", (1,)), ("crz", (0, 1))]
    angles = [0.3, None, 0.5, 0.7]
    expected = np.eye(4)
    for (name, places), angle in zip(gates, angles, strict=True):
        expected = reference.embed(reference.matrix(name, angle), places, 2) @ expected
    found = backend.matrix(gates, 2, jnp.array([0.3, 0.5, 0.7]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "circuit",
    [hea(qubits=4, layers=3), universal(qubits=4, layers=3, measured=(1, 2), hadamard=True, scale=4.0)],
)
def test_the_engine_agrees_with_tensorcircuits_simulation_of_the_whole_circuit(circuit, tensorcircuit):
    tensorcircuit.set_backend("numpy")
    theta = jax.random.uniform(jax.random.key(0), circuit.shape, maxval=2 * jnp.pi)
    states = jax.random.normal(jax.random.key(1), (17, 16))
    states = states / jnp.linalg.norm(states, axis=1, keepdims=True)
    expected = []
    for state in states[:3]:
        whole = tensorcircuit.Circuit(4, inputs=np.asarray(state, "complex64"))
        for gate in circuit.prefix:
            getattr(whole, gate.name)(*gate.qubits)
        for angles, gate in itertools.product(circuit.scale * np.asarray(theta), circuit.gates):
            options = {} if gate.theta is None else {"theta": angles[gate.theta]}
            getattr(whole, gate.name)(*gate.qubits, **options)
        expected.append([whole.expectation_ps(z=[qubit]).real for qubit in range(4)])
    run = functools.partial(statevector.expectations, circuit, measured=range(4))
    for batch in (3, 17):
        found = jax.jit(run)(theta, states[:batch])
        np.testing.assert_allclose(found[:3], expected, rtol=0, atol=1e-6)


def turn(dtype="float32"):
    return backend.matrix([("ry", (0,))], 1, jnp.full(1, 0.7, dtype))


def fail(dtype="float32"):
    with pytest.raises(KeyError):
        backend.matrix([("no_such_gate", (0,))], 1, jnp.zeros(0, dtype))


def fail_in_a_trace(dtype="float32"):
    with pytest.raises(KeyError):
        jax.jit(lambda angles: backend.matrix([("no_such_gate", (0,))], 1, angles))(jnp.zeros(0, dtype))


@pytest.mark.parametrize("act", [turn, fail, fail_in_a_trace])
@pytest.mark.parametrize("precision", ["complex64", "complex128"])
@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_global_state_is_restored(act, precision, backend, tensorcircuit, global_state):
    tensorcircuit.set_backend(backend)
    tensorcircuit.set_dtype(precision)
    for x64 in (False, True):
        jax.config.update("jax_enable_x64", x64)
        before = global_state()
        act()
        assert global_state() == before
        if x64:
            act("float64")
            assert global_state() == before
        with jax.enable_x64(not x64):
            inside = global_state()
            act("float32" if x64 else "float64")
            assert global_state() == inside
        assert global_state() == before


@pytest.mark.parametrize("x64", [False, True])
def test_the_result_has_the_precision_of_the_angles(x64, tensorcircuit):
    jax.config.update("jax_enable_x64", x64)
    assert turn().dtype == "complex64"
    with jax.enable_x64(True):
        assert turn("float64").dtype == "complex128"
        assert turn().dtype == "complex64"


def test_the_old_distribution_is_refused_with_the_cure(monkeypatch):
    backend._refuse_the_old_distribution()
    monkeypatch.setattr(importlib.metadata, "version", {"tensorcircuit": "0.12.0"}.__getitem__)
    with pytest.raises(ImportError, match=r"tensorcircuit 0\.12\.0 is installed.*pip install tensorcircuit-ng"):
        backend._refuse_the_old_distribution()
