import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.quantum.simulators.statevector.contraction import matrix
from tests import reference
from tests.reference import FIXED, ROTATIONS

PLACEMENTS = [
    (name, places, qubits)
    for name, size in (FIXED | ROTATIONS).items()
    for qubits in (1, 2, 3)
    for places in itertools.permutations(range(qubits), size)
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.slow
def test_every_gate_on_every_placement_equals_the_reference(dtype):
    with jax.enable_x64(dtype == "float64"):
        for name, places, qubits in PLACEMENTS:
            angle = 0.7 if name in ROTATIONS else None
            angles = jnp.array([0.7] * (name in ROTATIONS), dtype)
            found = matrix([(name, places)], qubits, angles)
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
    found = matrix(gates, 2, jnp.array([0.3, 0.5, 0.7]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
