"""Shots: outcomes of the measured qubits, drawn from their joint distribution, and the values that they give.

One measurement reads all measured qubits at once, so their outcomes are correlated. Pauli strings that commute
qubit by qubit share a measurement; each measurement is repeated as often as there are shots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum import readouts
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.readouts import Readout
from jaxqkd.quantum.simulators.kernels import EXACT
from jaxqkd.quantum.simulators.simulator import STREAM, Simulator, check_key
from jaxqkd.types import Key


def probabilities(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
    noise: NoiseModel | None = None,
) -> jax.Array:
    """Returns exact probabilities [B, 2^k] of outcomes of the k measured qubits, the first the leading bit.

    They contain the errors of the readout. For the arguments see `jaxqkd.simulators.Simulator`.
    """
    options: dict[str, Any] = {"measured": measured, "x": x, "noise": noise}
    return EXACT.expectations(circuit, theta, states, **options, readout=readouts.probabilities())


def frequencies(key: Key, outcomes: jax.Array, shots: int) -> jax.Array:
    """Returns the relative frequencies [..., 2^k] of outcomes in so many shots, drawn for each example by itself.

    Args:
        key: Random key.
        outcomes: Probabilities [..., 2^k] that sum to 1 but for rounding.
        shots: Number of measurements of all measured qubits, at least 1.
    """
    checks.integer("shots", shots)
    outcomes = outcomes / jnp.sum(outcomes, axis=-1, keepdims=True)
    return jax.random.multinomial(key, jnp.asarray(shots, outcomes.dtype), outcomes) / shots


def means(outcomes: jax.Array) -> jax.Array:
    """Returns <Z> [..., k] of each measured qubit from probabilities, or frequencies, [..., 2^k] of outcomes."""
    return readouts.read(readouts.Z, [outcomes])


def marginals(key: Key, z: jax.Array, shots: int) -> jax.Array:
    """Returns sampled <Z> [..., k] from exact ones: a binomial number of shots for each qubit by itself.

    The distribution of each qubit is exact, their joint distribution is not: qubits of one measurement are
    correlated, here they are independent. Use it where the joint distribution of many qubits is too large.
    """
    checks.integer("shots", shots)
    ones = jax.random.binomial(key, shots, jnp.clip((1 - z) / 2, 0, 1))
    return (1 - 2 * ones / shots).astype(z.dtype)


@dataclass(frozen=True)
class Shots(Simulator):
    """Values from a finite number of shots; made by `jaxqkd.simulators.shots`.

    Attributes:
        shots: Number of measurements of each example, in each basis that the readout needs.
    """

    shots: int

    def __post_init__(self) -> None:
        checks.integer("shots", self.shots)

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random stream of the outcomes."""
        return (STREAM,)

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
        """Returns values [B, n] from shots, with the gradient of the exact ones; see `Simulator.expectations`."""
        drawn_with, qubits = check_key(key), check_measured(measured, circuit.qubits)
        readout = readouts.checked(readout, len(qubits))
        bases = readouts.measurements(readout, len(qubits))
        options: dict[str, Any] = {"measured": qubits, "bases": bases, "x": x, "noise": noise}
        outcomes = EXACT.outcomes(circuit, theta, states, **options)
        exact, still = readouts.read(readout, outcomes), jax.lax.stop_gradient(outcomes)
        keys = [drawn_with] if len(bases) == 1 else jax.random.split(drawn_with, len(bases))
        drawn = [frequencies(key, one, self.shots) for key, one in zip(keys, still, strict=True)]
        return readouts.read(readout, drawn) + (exact - jax.lax.stop_gradient(exact))

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit, before any measurement."""
        return EXACT.final_states(circuit, theta, states, x=x)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        start = f"The outcomes of {self.shots} shots are drawn for each example from their joint distribution."
        return f"{start} It is computed exactly: {EXACT.explain(circuit, noise=noise)}"
