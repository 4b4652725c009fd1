"""TensorCircuit as its documentation has it: a circuit an example, vmapped over examples and seeds, jitted by JAX.

The gates are applied one by one in loops over layers and qubits; amplitudes are normalized once, before training.
"""

import jax
import jax.numpy as jnp
import tensorcircuit as tc

from benchmarks.peers import jax_training, support
from benchmarks.peers.tensorcircuit_parts import add_layer, add_turns, normalized
from benchmarks.work import Implementation, Work, examples


def implementation(work: Work) -> Implementation:
    """Returns TensorCircuit's implementation of the work."""
    support.check(work, encodings=("amplitude", "angle", "reuploading"), has_input=True)
    data = examples(work)
    if work.encoding == "amplitude":
        data = data._replace(x=normalized(data.x))
    turned = {"amplitude": 0, "angle": 1, "reuploading": work.layers}[work.encoding]

    def example(theta: jax.Array, x: jax.Array) -> jax.Array:
        circuit = tc.Circuit(work.qubits, inputs=x if work.encoding == "amplitude" else None)
        for layer in range(work.layers):
            if layer < turned:
                add_turns(circuit, x)
            add_layer(circuit, theta[layer])
        read = [circuit.expectation_ps(z=[qubit]) for qubit in range(work.qubits)]
        return tc.backend.real(jnp.stack(read))

    return jax_training.implementation(jax.vmap(example, in_axes=(None, 0)), data, work)
