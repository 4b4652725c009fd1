"""PennyLane's default.qubit with JAX: parameters broadcast over the batch, vmapped over seeds, compiled by JAX.

The ansatz is `StronglyEntanglingLayers`, whose one rotation a qubit runs faster than RZ, RY, RZ by themselves.
"""

import jax
import jax.numpy as jnp
import pennylane as qml

from benchmarks.peers import jax_training, pennylane_parts, support
from benchmarks.work import Implementation, Work, examples


def implementation(work: Work) -> Implementation:
    """Returns the implementation of the work with PennyLane and JAX."""
    support.check(work, encodings=("amplitude", "angle", "reuploading"), has_input=True)
    circuit = pennylane_parts.circuit(work, pennylane_parts.entangling(work))
    device = qml.device("default.qubit", wires=work.qubits)
    node = qml.QNode(circuit, device, interface="jax", diff_method="backprop")

    def expectations(theta: jax.Array, x: jax.Array) -> jax.Array:
        return jnp.stack(node(x, theta.reshape(work.layers, work.qubits, 3)), axis=-1)

    return jax_training.implementation(expectations, examples(work), work)
