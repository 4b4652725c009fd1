"""TensorCircuit with noise: a density matrix an example, vmapped over examples and seeds, jitted by JAX."""

import jax
import jax.numpy as jnp
import tensorcircuit as tc

from benchmarks.peers import jax_training, support
from benchmarks.peers.tensorcircuit_parts import normalized
from benchmarks.work import DEPOLARISING, Implementation, Work, examples


def implementation(work: Work) -> Implementation:
    """Returns TensorCircuit's implementation of the work with density matrices."""
    support.check(work, encodings=("amplitude",), noise=("layers", "gates"))
    data = examples(work)
    data = data._replace(x=normalized(data.x))
    after = {"layers": (False, True), "gates": (True, False)}[work.noise]

    def example(theta: jax.Array, x: jax.Array) -> jax.Array:
        circuit = tc.DMCircuit(work.qubits, inputs=x)
        for layer in range(work.layers):
            _add_layer(circuit, theta[layer], *after)
        read = [circuit.expectation_ps(z=[qubit]) for qubit in range(work.qubits)]
        return tc.backend.real(jnp.stack(read))

    return jax_training.implementation(jax.vmap(example, in_axes=(None, 0)), data, work)


def _add_layer(circuit: tc.DMCircuit, angles: jax.Array, after_gates: bool, after_layer: bool) -> None:
    """Adds RZ, RY, RZ of angles [3 Q] on every qubit, a ring of CNOTs, and the noise, to the circuit."""
    qubits = len(angles) // 3
    for place, angle in enumerate(angles):
        getattr(circuit, ("rz", "ry", "rz")[place % 3])(place // 3, theta=angle)
        if after_gates:
            _depolarize(circuit, place // 3)
    for qubit in range(qubits):
        pair = qubit, (qubit + 1) % qubits
        circuit.cnot(*pair)
        if after_gates:
            _depolarize(circuit, *pair)
    for qubit in range(qubits if after_layer else 0):
        _depolarize(circuit, qubit)


def _depolarize(circuit: tc.DMCircuit, *qubits: int) -> None:
    """Adds depolarizing noise; TensorCircuit takes the probability of each Pauli string but the identity."""
    count = len(qubits)
    circuit.generaldepolarizing(*qubits, p=DEPOLARISING / 4**count, num_qubits=count)
