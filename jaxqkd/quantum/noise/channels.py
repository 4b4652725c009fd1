"""Noise channels: functions of strengths that return a `Channel`, a pytree whose numbers may be traced.

A strength is one number, or an array [Q] of one number a qubit. A channel of strength 0 is the identity.
`compose`, `tensor` and `per_pair` make channels of channels.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise import choi

Strength = float | jax.Array


_STATIC = ["kind", "qubits", "pairs"]


@functools.partial(jax.tree_util.register_dataclass, data_fields=["values"], meta_fields=_STATIC)
@dataclass(frozen=True, eq=False)  # hashed by identity, since arrays have no hash
class Channel:
    """A channel on one or two qubits. The functions of this module make them.

    Attributes:
        values: For the kind "pauli", probabilities [..., 4^k] of the Pauli strings, the identity first; for
            "relaxation", the probability [..., 0] of falling to `|0>`, and the factor [..., 1] of coherences; for
            "transfer", any channel's Pauli transfer matrix [..., 4^k, 4^k]. A leading axis holds one channel a
            qubit [Q], or one a pair.
        kind: "pauli", "relaxation" or "transfer".
        qubits: Number of qubits k.
        pairs: The pairs of qubits of the leading axis, (control, target); empty if all pairs have one channel.
    """

    values: jax.Array
    kind: str = field(default="pauli")
    qubits: int = field(default=1)
    pairs: tuple[tuple[int, int], ...] = field(default=())

    @property
    def leading(self) -> tuple[int, ...]:
        """The shape of the leading axes: one channel has none."""
        return np.shape(self.values)[: -2 if self.kind == "transfer" else -1]


def bit_flip(p: Strength) -> Channel:
    """Returns rho -> (1 - p) rho + p X rho X, which scales <Z> by 1 - 2 p."""
    return _flip("x", p)


def phase_flip(p: Strength) -> Channel:
    """Returns rho -> (1 - p) rho + p Z rho Z, which scales coherences by 1 - 2 p."""
    return _flip("z", p)


def depolarizing(p: Strength, *, qubits: int = 1) -> Channel:
    """Returns rho -> (1 - p) rho + p I / 2^k, which scales <Z> of each qubit by 1 - p.

    p is the probability that the state is replaced by the maximally mixed one. The probability of a Pauli error
    other than the identity is p (1 - 4^-k): 3/4 p for one qubit, 15/16 p for two. Qiskit's
    `depolarizing_error(p, k)` has the same p.

    Args:
        p: Probability in [0, 1].
        qubits: Number of qubits k, 1 or 2.

    Raises:
        ValueError: If p lies outside [0, 1].
    """
    checks.one_of("qubits", qubits, (1, 2))
    checks.fraction("p", p)
    share = _floating(p)[..., None] / 4**qubits
    errors = jnp.broadcast_to(share, (*share.shape[:-1], 4**qubits - 1))
    return Channel(jnp.concatenate([1 - (4**qubits - 1) * share, errors], axis=-1), "pauli", qubits)


def amplitude_damping(gamma: Strength) -> Channel:
    """Returns the decay of `|1>` to `|0>` with probability gamma: <Z> -> gamma + (1 - gamma) <Z>.

    Coherences are scaled by sqrt(1 - gamma), whose derivative is infinite at gamma = 1.
    """
    checks.fraction("gamma", gamma)
    gamma = _floating(gamma)
    return Channel(jnp.stack([gamma, jnp.sqrt(1 - gamma)], axis=-1), "relaxation")


def phase_damping(gamma: Strength) -> Channel:
    """Returns the loss of phase with probability gamma: coherences are scaled by sqrt(1 - gamma), <Z> is not.

    The same as `phase_flip` with p = (1 - sqrt(1 - gamma)) / 2.
    """
    checks.fraction("gamma", gamma)
    return phase_flip((1 - jnp.sqrt(1 - _floating(gamma))) / 2)


def thermal_relaxation(t1: Strength, t2: Strength, time: Strength) -> Channel:
    """Returns the relaxation of an idle qubit during `time`, in an environment at temperature 0.

    The population of `|1>` decays as exp(-time / T1), coherences as exp(-time / T2).

    Args:
        t1: Relaxation time T1, positive.
        t2: Dephasing time T2, positive and at most 2 T1.
        time: The duration, not negative, in the unit of T1 and T2.

    Raises:
        ValueError: If a time is out of range, or T2 > 2 T1.
    """
    checks.positive("t1", t1)
    checks.positive("t2", t2)
    if not checks.is_traced(t1, t2):
        possible = bool(np.all(np.asarray(t2) <= 2 * np.asarray(t1)))
        checks.require(possible, "t2", "be at most twice t1", t2, f"2 T1 is {2 * np.asarray(t1)}.")
    if not checks.is_traced(time):
        good = bool(np.all(np.isfinite(time) & (np.asarray(time) >= 0)))
        checks.require(good, "time", "be finite and not negative", time)
    t1, t2, time = jnp.broadcast_arrays(*map(_floating, (t1, t2, time)))
    return Channel(jnp.stack([-jnp.expm1(-time / t1), jnp.exp(-time / t2)], axis=-1), "relaxation")


def compose(first: Channel, *others: Channel) -> Channel:
    """Returns the channel that does what the given ones on as many qubits do one after the other."""
    same = all(isinstance(other, Channel) and other.qubits == first.qubits for other in others)
    cure = "Make one of two qubits by tensor(first, second)."
    checks.require(same, "others", f"be channels on {first.qubits} qubits", others, cure)
    checks.require(not any(one.pairs for one in (first, *others)), "pairs", "be empty", "not", "Compose first.")
    matrix = transfer_matrix(first)
    for other in others:
        matrix = jnp.matmul(transfer_matrix(other), matrix, precision=paulis.PRECISION)
    return Channel(matrix, "transfer", first.qubits)


def tensor(first: Channel, second: Channel) -> Channel:
    """Returns the channel on two qubits that does the first to the first of them, and the second to the other."""
    alone = [isinstance(channel, Channel) and channel.qubits == 1 for channel in (first, second)]
    checks.require(all(alone), "first, second", "be channels on one qubit each", (first, second))
    product = jnp.einsum("...ab,...cd->...acbd", transfer_matrix(first), transfer_matrix(second))
    return Channel(product.reshape(*product.shape[:-4], 16, 16), "transfer", 2)


def per_pair(channels: Mapping[tuple[int, int], Channel]) -> Channel:
    """Returns the two-qubit channels of pairs as one, for `NoiseModel.two_qubit_gates`.

    Args:
        channels: A channel on two qubits for each pair (control, target) that a gate acts on, in this order: the
            pair (1, 0) is another one than (0, 1).
    """
    checks.require(len(channels) > 0, "channels", "name at least one pair", "empty")
    for pair, channel in channels.items():
        good = isinstance(channel, Channel) and channel.qubits == 2 and channel.leading == ()
        checks.require(good, "channels", "hold one channel on two qubits for each pair", {pair: channel})
    pairs = tuple((int(first), int(second)) for first, second in channels)
    if {channel.kind for channel in channels.values()} == {"pauli"}:
        return Channel(jnp.stack([channel.values for channel in channels.values()]), "pauli", 2, pairs)
    return Channel(jnp.stack([*map(transfer_matrix, channels.values())]), "transfer", 2, pairs)


def readout_error(one_for_zero: Strength, zero_for_one: Strength) -> jax.Array:
    """Returns the confusion matrix [..., 2, 2] of a qubit: row the true outcome, column the one that is read.

    Args:
        one_for_zero: Probability of reading 1 where the outcome is 0.
        zero_for_one: Probability of reading 0 where the outcome is 1.
    """
    checks.fraction("one_for_zero", one_for_zero)
    checks.fraction("zero_for_one", zero_for_one)
    a, b = jnp.broadcast_arrays(_floating(one_for_zero), _floating(zero_for_one))
    return jnp.stack([jnp.stack([1 - a, a], axis=-1), jnp.stack([b, 1 - b], axis=-1)], axis=-2)


def check_confusion(confusion: Any, qubits: int) -> None:
    """Refuses all but a confusion matrix [2, 2], or one a qubit [Q, 2, 2], with rows that sum to 1."""
    good = np.shape(confusion) in ((2, 2), (qubits, 2, 2))
    must = f"have the shape [2, 2], or [{qubits}, 2, 2] with one matrix a qubit"
    checks.require(good, "confusion", must, np.shape(confusion))
    checks.fraction("confusion", confusion)
    if not checks.is_traced(confusion):
        sums = np.sum(np.asarray(confusion), axis=-1)
        cure = "Rows are true outcomes, columns what is read."
        checks.require(bool(np.allclose(sums, 1, atol=1e-5)), "confusion", "have rows that sum to 1", sums, cure)


def confusion_of(confusion: jax.Array, measured: Sequence[int]) -> jax.Array:
    """Returns the confusion matrix of each measured qubit [len(measured), 2, 2]."""
    every = jnp.asarray(confusion, float)
    return every[np.asarray(measured, np.int32)] if every.ndim == 3 else jnp.stack([every] * len(measured))


def confusion_line(confusion: jax.Array, measured: Sequence[int]) -> tuple[jax.Array, jax.Array]:
    """Returns slope and shift [len(measured)] of the linear function from the true <Z> to the one that is read."""
    zero, one = jnp.moveaxis(confusion_of(confusion, measured), 1, 0)
    read = zero[:, 0] - zero[:, 1], one[:, 0] - one[:, 1]
    return (read[0] - read[1]) / 2, (read[0] + read[1]) / 2


def transfer(channel: Channel) -> jax.Array:
    """Returns the channel in the Pauli basis: its factors [..., 4^k] of Pauli strings, or a matrix [..., 4, 4].

    Channels of the kind "pauli" only scale strings; the matrix is that of `jaxqkd.quantum.paulis`.
    """
    if channel.kind == "transfer":
        return channel.values
    if channel.kind == "pauli":
        flipped = jnp.asarray(1 - paulis.commutation(channel.qubits), channel.values.dtype)
        return 1 - jnp.matmul(channel.values, flipped, precision="highest")  # exactly 1 for the identity
    fall, coherence = jnp.moveaxis(channel.values, -1, 0)
    zero, one = jnp.zeros_like(fall), jnp.ones_like(fall)
    rows = [[one, zero, zero, zero], [zero, coherence, zero, zero], [zero, zero, coherence, zero]]
    return jnp.stack([jnp.stack(row, axis=-1) for row in [*rows, [fall, zero, zero, 1 - fall]]], axis=-2)


def transfer_matrix(channel: Channel) -> jax.Array:
    """Returns the channel's matrix [..., 4^k, 4^k] in the Pauli basis."""
    entries = transfer(channel)
    return jnp.vectorize(jnp.diag, signature="(n)->(n,n)")(entries) if channel.kind == "pauli" else entries


def kraus(channel: Channel) -> jax.Array:
    """Returns the channel's Kraus operators [..., n, 2^k, 2^k]: rho -> sum_i K_i rho K_i^dagger."""
    if channel.leading:
        return jax.vmap(lambda values: kraus(replace(channel, values=values)))(channel.values)
    if channel.kind == "transfer":
        return choi.kraus(channel.values)
    if channel.kind == "pauli":
        return jnp.sqrt(channel.values)[:, None, None] * jnp.asarray(paulis.strings(channel.qubits))
    fall, coherence = channel.values
    rest = jnp.sqrt(jnp.maximum(1 - fall - coherence**2, 0))  # rounding may leave a negative number
    up, down, lower = (jnp.asarray(m, complex) for m in ([[1, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 1], [0, 0]]))
    return jnp.stack([up + coherence * down, rest * down, jnp.sqrt(fall) * lower])


def _flip(axis: str, p: Strength) -> Channel:
    checks.fraction("p", p)
    p = _floating(p)
    zero = jnp.zeros_like(p)
    errors = [p if letter == axis else zero for letter in "xyz"]
    return Channel(jnp.stack([1 - p, *errors], axis=-1))


def _floating(value: Strength) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(value, float))
