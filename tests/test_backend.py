import importlib.metadata
import os

import jax
import jax.numpy as jnp
import pytest

from jaxqkd import backend
from jaxqkd.quantum.simulators.statevector.contraction import matrix


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


def turn(dtype="float32"):
    return matrix([("ry", (0,))], 1, jnp.full(1, 0.7, dtype))


def fail(dtype="float32"):
    with pytest.raises(KeyError):
        matrix([("no_such_gate", (0,))], 1, jnp.zeros(0, dtype))


def fail_in_a_trace(dtype="float32"):
    with pytest.raises(KeyError):
        jax.jit(lambda angles: matrix([("no_such_gate", (0,))], 1, angles))(jnp.zeros(0, dtype))


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
