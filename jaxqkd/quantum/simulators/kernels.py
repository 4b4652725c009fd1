"""Exact expectation values: by fused kernels where every gate has them, else by TensorCircuit."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax

from jaxqkd.circuits import Circuit
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.simulators import pauli, statevector
from jaxqkd.quantum.simulators.simulator import Simulator
from jaxqkd.quantum.simulators.statevector.lowering import has_lowering
from jaxqkd.quantum.simulators.tensor_network import TensorCircuit
from jaxqkd.types import Key

TENSORCIRCUIT = TensorCircuit()
"""The simulator of circuits with a gate that has no fused kernel."""


@dataclass(frozen=True)
class Exact(Simulator):
    """Exact values; made by `jaxqkd.simulators.exact`."""

    def expectations(
        self,
        circuit: Circuit,
        theta: jax.Array,
        states: jax.Array,
        *,
        measured: Sequence[int],
        x: jax.Array | None = None,
        noise: NoiseModel | None = None,
        key: Key | None = None,
    ) -> jax.Array:
        """Returns exact <Z> [B, k]; see `Simulator.expectations`."""
        if noise is not None:
            return pauli.expectations(circuit, theta, states, measured=measured, x=x, noise=noise)
        simulate = TENSORCIRCUIT.expectations if without_lowering(circuit) else statevector.expectations
        return simulate(circuit, theta, states, measured=measured, x=x)

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit."""
        if without_lowering(circuit):
            return TENSORCIRCUIT.final_states(circuit, theta, states, x=x)
        real, imaginary = statevector.final_states(circuit, theta, states, x=x)
        return real + 1j * imaginary

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        if noise is not None:
            return pauli.explain(circuit)
        names = without_lowering(circuit)
        if names:
            return f"{TENSORCIRCUIT.explain(circuit)} There is no fused kernel for {', '.join(names)}."
        return statevector.explain(circuit)


EXACT = Exact()
"""The default of students."""


def without_lowering(circuit: Circuit) -> tuple[str, ...]:
    """Returns the names of the circuit's gates that have no fused kernel."""
    gates = (*circuit.prefix, *circuit.gates)
    return tuple(dict.fromkeys(gate.name for gate in gates if not has_lowering(gate)))
