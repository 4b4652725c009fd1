"""Mitigation: the correction of <Z> for errors of the readout, and the extrapolation of noise to zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum import readouts
from jaxqkd.quantum.noise.channels import check_confusion, confusion_line, confusion_of
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.readouts import Readout
from jaxqkd.quantum.simulators.outcomes import confused
from jaxqkd.quantum.simulators.simulator import Simulator
from jaxqkd.types import Key


def corrected(z: jax.Array, confusion: jax.Array, measured: Sequence[int]) -> jax.Array:
    """Returns <Z> [..., k] without the errors of the readout: unbiased, but of larger variance.

    The variance of sampled values grows by 1 / (1 - a - b)^2, where a and b are the probabilities of reading
    either outcome wrongly. Corrected values may lie outside [-1, 1].

    Args:
        z: Expectation values [..., k] as they are read.
        confusion: Matrix [2, 2], or one a qubit [Q, 2, 2].
        measured: The k qubits.

    Raises:
        ValueError: If a confusion matrix has no inverse, so that what is read does not depend on the state.
    """
    slope, shift = confusion_line(confusion, measured)
    _check_invertible(slope)
    shape = (1,) * (z.ndim - 1) + slope.shape
    return (z - shift.reshape(shape)) / slope.reshape(shape)


def unconfused(outcomes: jax.Array, confusion: jax.Array, measured: Sequence[int]) -> jax.Array:
    """Returns quasi-probabilities [..., 2^k] of true outcomes from probabilities, or frequencies, of what is read.

    What is read is multiplied by the inverse of the tensor product of the qubits' confusion matrices. The results
    sum to 1, but may be negative.
    """
    _check_invertible(confusion_line(confusion, measured)[0])
    return confused(outcomes, jnp.linalg.inv(confusion_of(confusion, measured)))


@dataclass(frozen=True, eq=False)  # hashed by identity, since arrays have no hash
class ReadoutMitigation(Simulator):
    """A simulator whose values are corrected for errors of the readout; made by `readout`.

    Single Paulis are corrected by their own line. Strings and probabilities are read from the frequencies of the
    outcomes, after these are multiplied by the inverse of the confusion.

    Attributes:
        simulator: The simulator whose values are corrected.
        confusion: The assumed confusion, or None for that of the noise.
    """

    simulator: Simulator
    confusion: jax.Array | None = None

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams of the simulator."""
        return self.simulator.rngs

    @property
    def shots(self) -> int:
        """The number of shots of each measurement; 0 where values are exact."""
        return getattr(self.simulator, "shots", 0)

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
        """Returns values [B, n] without errors of the readout; see `jaxqkd.simulators.Simulator`."""
        assumed = self.confusion
        if assumed is None and noise is not None:
            assumed = noise.confusion
        cure = "Pass confusion=... to jaxqkd.quantum.mitigation.readout, or give the noise one."
        checks.require(assumed is not None, "confusion", "be known", None, cure)
        check_confusion(assumed, circuit.qubits)
        qubits = check_measured(measured, circuit.qubits)
        readout = readouts.checked(readout, len(qubits))
        is_single = readout.kind == "expectation"
        bases = readouts.measurements(readout, len(qubits))
        asked = readout if is_single else readouts.probabilities(*bases)
        options: dict[str, Any] = {"measured": qubits, "x": x, "noise": noise, "key": key, "readout": asked}
        values = self.simulator.expectations(circuit, theta, states, **options)
        if is_single:
            return corrected(values, jnp.asarray(assumed), qubits)
        outcomes = jnp.split(values, len(bases), axis=-1)
        return readouts.read(readout, [unconfused(one, jnp.asarray(assumed), qubits) for one in outcomes])

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit, before any readout."""
        return self.simulator.final_states(circuit, theta, states, x=x)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        start = self.simulator.explain(circuit, noise=noise)
        return f"{start} The inverse of the confusion matrix then removes the errors of the readout."


def readout(simulator: Simulator, confusion: jax.Array | None = None) -> ReadoutMitigation:
    """Returns a simulator whose values are those of another one, corrected for the errors of the readout.

    Args:
        simulator: The simulator, exact or sampled.
        confusion: The assumed confusion matrix [2, 2], or one a qubit [Q, 2, 2]; by default that of the noise,
            which then has to have one.

    Example:
        >>> from jaxqkd import simulators
        >>> readout(simulators.shots(1000)).rngs
        ('shots',)
    """
    return ReadoutMitigation(simulator, confusion)


def extrapolate(strengths: Sequence[float], values: jax.Array, *, degree: int | None = None) -> jax.Array:
    """Returns values [...] without noise, from values [S, ...] at S strengths: zero-noise extrapolation.

    A polynomial is fitted to the values by least squares and evaluated at strength 0. With the highest degree,
    S - 1, which is the default, this is Richardson's extrapolation; `degree=1` is linear extrapolation.

    Args:
        strengths: Distinct strengths [S], known before anything is compiled.
        values: Scores or expectation values [S, ...] at these.
        degree: Degree of the polynomial, from 0 to S - 1.

    References:
        Temme, Bravyi, Gambetta, Error mitigation for short-depth quantum circuits, PRL 119, 180509 (2017).
    """
    checks.names("strengths", strengths)
    checks.require(len(values) == len(strengths), "values", f"lead with {len(strengths)} strengths", len(values))
    degree = len(strengths) - 1 if degree is None else degree
    checks.integer("degree", degree, least=0)
    must = f"be at most {len(strengths) - 1} for {len(strengths)} strengths"
    checks.require(degree < len(strengths), "degree", must, degree)
    scaled = np.asarray(strengths, float) / np.max(np.abs(strengths), initial=0)
    weights = np.linalg.pinv(np.vander(scaled, degree + 1, increasing=True))[0]
    return jnp.tensordot(jnp.asarray(weights, values.dtype), values, 1, precision="highest")


def _check_invertible(slope: jax.Array) -> None:
    if not checks.is_traced(slope):
        good = bool(np.all(np.abs(np.asarray(slope)) > 1e-6))
        must = "have an inverse: the probabilities of either wrong outcome must not sum to 1"
        checks.require(good, "confusion", must, f"one with slopes {slope}")
