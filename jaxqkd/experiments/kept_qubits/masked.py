"""Masked: the student with a traced set of kept qubits, and traced measurements of the others."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import paulis, readouts
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.noise.schedule import schedule
from jaxqkd.quantum.simulators import pauli
from jaxqkd.types import Key, Params


class Masked(NamedTuple):
    """A student that reads kept qubits alone, and turns these alone about Y; which ones may be traced.

    Its parameters are those of the whole student. The others get no gradient, so they stay at their start and do
    nothing.

    Attributes:
        student: The whole student, of the ansatz `universal(measured=range(Q))`.
        kept: Whether a qubit is kept [Q].
        lost: Whether a qubit is measured after a layer, and its outcome thrown away [L, Q]; None for never.
    """

    student: QuantumStudent
    kept: jax.Array
    lost: jax.Array | None = None

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns parameters, with the head's weights as large as if it had the kept inputs alone."""
        params = self.student.init(key, x)
        scale = jnp.sqrt(len(self.kept) / jnp.sum(self.kept))
        return _with_kernel(params, scale * params["params"]["head"]["kernel"])

    def apply(self, params: Params, x: jax.Array, /) -> jax.Array:
        """Returns logits [B, C] of features x [B, D]."""
        own = self.masked(params)
        if self.lost is None:
            return jnp.asarray(self.student.apply(own, x))
        return self._dephased(own, x, self.lost)

    def masked(self, params: Params) -> Params:
        """Returns parameters with zeros where a qubit is not kept: the head's inputs, and the angles about Y."""
        theta, kernel = params["params"]["theta"], params["params"]["head"]["kernel"]
        kept = jnp.asarray(self.kept, theta.dtype)
        turns = jnp.concatenate([jnp.ones(theta.shape[1] - len(kept), theta.dtype), kept])
        own = _with_kernel(params, kept[:, None] * kernel)
        return {"params": own["params"] | {"theta": turns[None] * theta}}

    def _dephased(self, params: Params, x: jax.Array, lost: jax.Array) -> jax.Array:
        """Returns logits: each class's observable, its weights' sum of Z, is carried back through the circuit."""
        circuit, own = self.student.circuit, params["params"]
        qubits = circuit.qubits
        everywhere = NoiseModel(mid_circuit=[range(qubits)] * circuit.layers)
        instructions = schedule(circuit, everywhere, range(qubits))._replace(mid_circuit=lost)
        read = jnp.asarray(paulis.observables(readouts.observables(readouts.Z, qubits)), own["theta"].dtype)
        classes = jnp.matmul(own["head"]["kernel"].T, read, precision=paulis.PRECISION)
        observables = pauli.backwards(circuit, instructions, own["theta"], classes)
        return pauli.values(observables, self.student.encoding(x, qubits)) + own["head"]["bias"][None]


def _with_kernel(params: Params, kernel: jax.Array) -> Params:
    head = params["params"]["head"] | {"kernel": kernel}
    return {"params": params["params"] | {"head": head}}
