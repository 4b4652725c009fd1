"""Shots: outcomes of the measured qubits, drawn from their joint distribution, and the <Z> that they give.

One measurement reads all measured qubits at once, so their outcomes are correlated.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum.noise.channels import confusion_of
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.paulis import PRECISION
from jaxqkd.quantum.simulators import pauli
from jaxqkd.quantum.simulators.kernels import EXACT
from jaxqkd.quantum.simulators.simulator import STREAM, Simulator, check_key
from jaxqkd.quantum.simulators.statevector.lowering import signs
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

    Under noise they come from the 2^k products of Z on measured qubits, each an observable of 4^Q numbers. They
    contain the errors of the readout. For the arguments see `jaxqkd.simulators.Simulator`.
    """
    read = check_measured(measured, circuit.qubits)
    if noise is None:
        final = EXACT.final_states(circuit, theta, states, x=x)
        return _marginal(final.real**2 + final.imag**2, read)
    marks = np.asarray(list(itertools.product((False, True), repeat=len(read))))
    subsets = np.zeros((len(marks), circuit.qubits), bool)
    subsets[:, read] = marks
    parities = pauli.parities(circuit, theta, states, subsets, measured=read, x=x, noise=noise)
    outcomes = jnp.matmul(parities, _characters(len(read)).astype(parities.dtype), precision=PRECISION)
    outcomes = jnp.maximum(outcomes / len(marks), 0)  # rounding may leave less than nothing
    return outcomes if noise.confusion is None else confused(outcomes, confusion_of(noise.confusion, read))


def confused(outcomes: jax.Array, confusion: jax.Array) -> jax.Array:
    """Returns probabilities, or frequencies, [..., 2^k] of what is read, for confusion matrices [k, 2, 2]."""
    count = len(confusion)
    read = outcomes.reshape(-1, *[2] * count)
    for place in range(count):
        mixed = jnp.tensordot(read, confusion[place].astype(read.dtype), (place + 1, 0), precision=PRECISION)
        read = jnp.moveaxis(mixed, -1, place + 1)
    return read.reshape(outcomes.shape)


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
    readout = signs((outcomes.shape[-1] - 1).bit_length())
    return jnp.matmul(outcomes, jnp.asarray(readout, outcomes.dtype), precision=PRECISION)


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
        shots: Number of measurements of each example.
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
    ) -> jax.Array:
        """Returns <Z> [B, k] from shots, with the gradient of the exact <Z>; see `Simulator.expectations`."""
        drawn_with = check_key(key)
        outcomes = probabilities(circuit, theta, states, measured=measured, x=x, noise=noise)
        exact, still = means(outcomes), jax.lax.stop_gradient(outcomes)
        sampled = means(frequencies(drawn_with, still, self.shots))
        return sampled + (exact - jax.lax.stop_gradient(exact))

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit, before any measurement."""
        return EXACT.final_states(circuit, theta, states, x=x)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        start = f"The outcomes of {self.shots} shots are drawn for each example from their joint distribution."
        return f"{start} It is computed exactly: {EXACT.explain(circuit, noise=noise)}"


def _marginal(every: jax.Array, measured: Sequence[int]) -> jax.Array:
    qubits = (every.shape[-1] - 1).bit_length()
    rest = [qubit for qubit in range(qubits) if qubit not in measured]
    axes = [0, *(qubit + 1 for qubit in (*measured, *rest))]
    return (
        every.reshape(-1, *[2] * qubits).transpose(axes).reshape(len(every), 2 ** len(measured), -1).sum(axis=-1)
    )


def _characters(count: int) -> np.ndarray:
    """Returns the signs [2^k, 2^k] that outcomes give to products of Z: -1 to the number of ones in both."""
    return functools.reduce(np.kron, [np.array([[1, 1], [1, -1]])] * count)
