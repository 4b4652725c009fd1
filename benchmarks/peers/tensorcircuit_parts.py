"""What the two TensorCircuit peers share; its import sets TensorCircuit's JAX backend, with complex64."""

import jax
import numpy as np
import tensorcircuit as tc

tc.set_backend("jax")
tc.set_dtype("complex64")


def add_turns(circuit: tc.Circuit, x: jax.Array) -> None:
    """Adds RY of features x [Q], one on each qubit, to the circuit."""
    for qubit in range(len(x)):
        circuit.ry(qubit, theta=x[qubit])


def add_layer(circuit: tc.Circuit, angles: jax.Array) -> None:
    """Adds RZ, RY, RZ of angles [3 Q] on every qubit, and a ring of CNOTs, to the circuit."""
    qubits = len(angles) // 3
    for qubit in range(qubits):
        circuit.rz(qubit, theta=angles[3 * qubit])
        circuit.ry(qubit, theta=angles[3 * qubit + 1])
        circuit.rz(qubit, theta=angles[3 * qubit + 2])
    for qubit in range(qubits):
        circuit.cnot(qubit, (qubit + 1) % qubits)


def normalized(x: np.ndarray) -> np.ndarray:
    """Returns the amplitudes x [N, D] at norm 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)
