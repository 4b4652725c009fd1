"""Shots: outcomes of the measured qubits, drawn from their joint distribution, and the <Z> that they give.

One measurement reads all measured qubits at once, and its outcomes are correlated; drawing each qubit's own
binomial number leaves that out.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum.noise.channels import confusion_of
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.paulis import PRECISION
from jaxqkd.quantum.simulators import pauli, statevector
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

    Under noise they come from the 2^k products of Z on measured qubits, each an observable of 4^Q numbers; errors
    of the readout are in them.

    Args:
        circuit: The gates.
        theta: Trained angles [L, P] in radians, before the circuit's scale.
        states: Encoded states [B, 2^Q], real or complex.
        measured: The qubits that are read.
        x: Features [B, D], where a gate of the circuit reads them.
        noise: Channels and where they act.
    """
    read = check_measured(measured, circuit.qubits)
    if noise is None:
        real, imaginary = statevector.final_states(circuit, theta, states, x=x)
        return _marginal(real**2 + imaginary**2, read)
    chosen = np.asarray(list(itertools.product((False, True), repeat=len(read))))
    subsets = np.zeros((len(chosen), circuit.qubits), bool)
    subsets[:, read] = chosen
    parities = pauli.parities(circuit, theta, states, subsets, measured=read, x=x, noise=noise)
    found = jnp.matmul(parities, _characters(len(read)).astype(parities.dtype), precision=PRECISION)
    found = jnp.maximum(found / len(chosen), 0)  # rounding may leave less than nothing
    return found if noise.confusion is None else confused(found, confusion_of(noise.confusion, read))


def confused(outcomes: jax.Array, confusion: jax.Array) -> jax.Array:
    """Returns probabilities, or frequencies, [..., 2^k] of what is read, for confusion matrices [k, 2, 2]."""
    count = len(confusion)
    found = outcomes.reshape(-1, *[2] * count)
    for place in range(count):
        mixed = jnp.tensordot(found, confusion[place].astype(found.dtype), (place + 1, 0), precision=PRECISION)
        found = jnp.moveaxis(mixed, -1, place + 1)
    return found.reshape(outcomes.shape)


def frequencies(key: Key, outcomes: jax.Array, shots: int) -> jax.Array:
    """Returns how often [..., 2^k] each outcome occurs in so many shots, as shares; its own draw for each example.

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
    """Returns sampled <Z> [..., k] from exact ones, each qubit by itself: a binomial number of shots.

    Each qubit's distribution is exact, that of several is not: qubits that one measurement reads are correlated,
    here they are independent. For many measured qubits, whose joint distribution is too large.
    """
    checks.integer("shots", shots)
    ones = jax.random.binomial(key, shots, jnp.clip((1 - z) / 2, 0, 1))
    return (1 - 2 * ones / shots).astype(z.dtype)


def expectations(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
    noise: NoiseModel | None = None,
    key: Key,
    shots: int,
) -> jax.Array:
    """Returns <Z> [B, k] from so many shots an example; the gradient is that of the exact <Z>, straight through.

    A device would estimate the gradient from shots too; here it has no shot noise. Other angles draw other shots
    from the same key, so that each step of a training draws anew; the same angles and states draw the same.

    Args:
        circuit: The gates.
        theta: Trained angles [L, P] in radians, before the circuit's scale.
        states: Encoded states [B, 2^Q], real or complex.
        measured: The qubits that are read, in one measurement.
        x: Features [B, D], where a gate of the circuit reads them.
        noise: Channels and where they act.
        key: Random key.
        shots: Number of measurements an example, at least 1.
    """
    checks.integer("shots", shots)
    outcomes = probabilities(circuit, theta, states, measured=measured, x=x, noise=noise)
    exact, still = means(outcomes), jax.lax.stop_gradient(outcomes)
    drawn = means(frequencies(key_at(key, theta), still, shots))
    return drawn + (exact - jax.lax.stop_gradient(exact))


def sampled(student: Any, shots: int, key: Key) -> Any:
    """Returns the student with <Z> from so many shots an example, a model like it for the same parameters.

    Args:
        student: A `jaxqkd.models.QuantumStudent`.
        shots: Number of measurements an example, at least 1.
        key: Random key; another one gives another draw.
    """
    checks.integer("shots", shots)
    return student.clone(estimator=functools.partial(expectations, key=key, shots=shots))


def key_at(key: Key, theta: jax.Array) -> Key:
    """Returns a key that depends on the angles, down to their last bit."""
    bits = jax.lax.bitcast_convert_type(jax.lax.stop_gradient(theta).astype(jnp.float32), jnp.uint32)
    places = jnp.arange(1, 2 * bits.size, 2, dtype=jnp.uint32).reshape(bits.shape)  # angles may change places
    return jax.random.fold_in(key, jnp.sum(bits * places, dtype=jnp.uint32))


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
