"""What every simulator offers: one signature for expectation values, exact or sampled, with noise or without."""

from collections.abc import Sequence
from typing import Any, Protocol

import jax

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum import readouts
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.readouts import Readout
from jaxqkd.types import Key

STREAM = "shots"
"""Name of the random stream that simulators draw from: `student.apply(params, x, rngs={"shots": key})`."""


class Simulator(Protocol):
    """A way to simulate circuits. A simulator is plain data: it is hashable, and equal to another of its kind."""

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams that the simulator draws from: `("shots",)`, or none where it is exact."""
        return ()

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
        readout: Readout = readouts.Z,
    ) -> jax.Array:
        """Returns what is read of the measured qubits after the circuit, for each state: by default <Z> of each.

        Args:
            circuit: The gates.
            theta: Trained angles [L, P] in radians, before the circuit's scale.
            states: Encoded states [B, 2^Q], real or complex.
            measured: The k qubits that are measured, all in one measurement.
            x: Features [B, D], needed where a gate of the circuit reads them.
            noise: Channels and where they act, or None.
            key: Random key, needed where the simulator has a random stream. The same key gives the same bits.
            readout: What is read, or a list of Pauli strings; see `jaxqkd.quantum.readouts`.

        Returns:
            Values [B, n], as many as `readouts.size(readout, k)`: expectation values in [-1, 1], or probabilities.

        Raises:
            ValueError: If shapes or noise do not fit the circuit, if memory cannot hold the states, if a key is
                missing, or if the simulator cannot do what is asked.
        """

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit without noise, complex; see `expectations`."""

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the simulator simulates the circuit, and why."""


def explain(student: Any) -> str:
    """Returns in plain words what runs when the student is applied, and why.

    Args:
        student: A `jaxqkd.models.QuantumStudent`.

    Example:
        >>> import jaxqkd as jq
        >>> student = jq.models.QuantumStudent(jq.circuits.hea(qubits=2, layers=1), classes=2)
        >>> print(jq.simulators.explain(student))  # doctest: +NORMALIZE_WHITESPACE
        Fused kernels simulate the state vector of 2^2 amplitudes exactly. No feature drives a gate of a layer, so
        a batch of more than 4 states is one product with the matrix of the circuit, which is computed once;
        a smaller batch is carried through the circuit. <Z> of each of qubits 0, 1 is read, in one measurement.
    """
    known = hasattr(student, "simulator")
    cure = "Pass a jaxqkd.models.QuantumStudent."
    checks.require(known, "student", "have a simulator", f"a {type(student).__name__}", cure)
    measured = check_measured(student.measured, student.circuit.qubits)
    how = student.simulator.explain(student.circuit, noise=student.noise)
    return f"{how} {readouts.explain(student.readout, measured)}"


def check_key(key: Key | None) -> Key:
    """Returns the key; refuses None."""
    cure = 'Pass a random key: student.apply(params, x, rngs={"shots": key}), or use jaxqkd.simulators.exact().'
    if key is None:
        raise ValueError(f"Argument `key` must be a random key where values are sampled, but is None. {cure}")
    return key
