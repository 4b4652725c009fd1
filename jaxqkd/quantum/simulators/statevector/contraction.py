"""The matrix of a few gates, contracted by TensorCircuit."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import backend
from jaxqkd.circuits import GATES, GateSpec
from jaxqkd.circuits.tensorcircuit import add_gate

SCALED = {"2h": np.array([[1, 1], [1, -1]]), "h/2": np.array([[0.5, 0.5], [0.5, -0.5]])}
"""Hadamard gates times sqrt(2) and over sqrt(2), exact in any precision; one of each makes a pair."""


def matrix(gates: Sequence[tuple[str | GateSpec, Sequence[int]]], qubits: int, angles: jax.Array) -> jax.Array:
    """Returns the matrix [2^k, 2^k] of gates, in order, on k qubits.

    Args:
        gates: Pairs of a name of `circuits.GATES` or `SCALED`, or a `GateSpec`, and the qubits
            0 ... k - 1 that it acts on.
        qubits: The number k; qubit 0 is the most significant bit of the matrix's index.
        angles: Angles in radians [rotations], one a rotation among the gates, in order.

    Returns:
        A complex matrix of the precision of the angles.
    """
    turns = iter(angles)
    dtype = "complex128" if angles.dtype == jnp.float64 else "complex64"
    with jax.default_matmul_precision("highest"), backend.on_jax(dtype) as tc:
        circuit = tc.Circuit(qubits)
        for name, places in gates:
            if isinstance(name, str) and name in SCALED:
                circuit.any(*places, unitary=jnp.asarray(SCALED[name], dtype))
                continue
            spec = GATES[name] if isinstance(name, str) else name
            add_gate(circuit, name, places, next(turns) if spec.is_rotation else None)
        for qubit in set(range(qubits)).difference(*(places for _, places in gates)):
            circuit.i(qubit)  # without any gate on a qubit, tensorcircuit asks for cotengra
        return circuit.quoperator().eval_matrix()
