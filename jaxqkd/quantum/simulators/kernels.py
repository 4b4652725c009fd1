"""Exact expectation values: by fused kernels where every gate has them, else by TensorCircuit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax

from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.readouts import Readout, Z, checked, measurements, read
from jaxqkd.quantum.simulators import outcomes, pauli, statevector
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
        readout: Readout = Z,
    ) -> jax.Array:
        """Returns exact values [B, n]; see `Simulator.expectations`."""
        qubits = check_measured(measured, circuit.qubits)
        readout = checked(readout, len(qubits))
        if readout.kind == "probabilities":
            bases = measurements(readout, len(qubits))
            every = self.outcomes(circuit, theta, states, measured=qubits, bases=bases, x=x, noise=noise)
            return read(readout, every)
        options: dict[str, Any] = {"measured": qubits, "x": x, "readout": readout}
        if noise is not None:
            return pauli.expectations(circuit, theta, states, **options, noise=noise)
        simulate = TENSORCIRCUIT.expectations if without_lowering(circuit) else statevector.expectations
        return simulate(circuit, theta, states, **options)

    def outcomes(
        self,
        circuit: Circuit,
        theta: jax.Array,
        states: jax.Array,
        *,
        measured: Sequence[int],
        bases: Sequence[str],
        x: jax.Array | None = None,
        noise: NoiseModel | None = None,
    ) -> list[jax.Array]:
        """Returns exact probabilities [B, 2^k] of outcomes in each basis, with the errors of the readout.

        Under noise they come from the 2^k products of the basis's letters, each an observable of 4^Q numbers.

        Args:
            circuit: The gates; for other arguments see `Simulator.expectations`.
            theta: Trained angles.
            states: Encoded states.
            measured: The k measured qubits, the first the leading bit of an outcome.
            bases: Strings of a letter X, Y or Z for each measured qubit.
            x: Features.
            noise: Channels.
        """
        if noise is None:
            return outcomes.of_states(self.final_states(circuit, theta, states, x=x), measured, bases)
        every = pauli.outcomes(circuit, theta, states, bases, measured=measured, x=x, noise=noise)
        return outcomes.as_read(every, noise, measured)

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
