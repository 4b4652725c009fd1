"""TensorCircuit with the trained circuit contracted to its matrix once a seed and step, then one matrix product.

The matrix is the circuit on each basis state, vmapped: faster here than `Circuit.get_quoperator`, while
`Circuit.matrix` needs cotengra. The states of the examples do not change, and are made once, before training; <Z>
is read from the probabilities.
"""

import jax
import jax.numpy as jnp
import numpy as np
import tensorcircuit as tc

from benchmarks.peers import jax_training, support
from benchmarks.peers.tensorcircuit_parts import add_layer, add_turns, normalized
from benchmarks.work import Implementation, Work, examples


def implementation(work: Work) -> Implementation:
    """Returns the implementation of the work with TensorCircuit's contracted circuit."""
    support.check(work, encodings=("amplitude", "angle"))
    data = examples(work)
    states = normalized(data.x) if work.encoding == "amplitude" else jax.vmap(_product_state)(data.x)
    basis = jnp.eye(2**work.qubits)
    bits = np.arange(2**work.qubits)[:, None] >> np.arange(work.qubits)[::-1] & 1
    signs = jnp.asarray(1.0 - 2.0 * bits)

    def column(theta: jax.Array, state: jax.Array) -> jax.Array:
        circuit = tc.Circuit(work.qubits, inputs=state)
        for layer in range(work.layers):
            add_layer(circuit, theta[layer])
        return circuit.state()

    def expectations(theta: jax.Array, states: jax.Array) -> jax.Array:
        columns = jax.vmap(column, in_axes=(None, 0))(theta, basis)
        return jnp.abs(states @ columns) ** 2 @ signs

    return jax_training.implementation(expectations, data._replace(x=states), work)


def _product_state(x: jax.Array) -> jax.Array:
    circuit = tc.Circuit(len(x))
    add_turns(circuit, x)
    return circuit.state()
