"""Outcomes: the probabilities of what the measured qubits show, in a basis of Pauli letters."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from jaxqkd.quantum.noise.channels import confusion_of
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.paulis import PRECISION
from jaxqkd.quantum.readouts import everywhere


def of_states(final: jax.Array, measured: Sequence[int], bases: Sequence[str]) -> list[jax.Array]:
    """Returns the probabilities [B, 2^k] of outcomes of states [B, 2^Q] in each basis, the first qubit leading."""
    qubits = (final.shape[-1] - 1).bit_length()
    return [of_diagonals(weights(final, basis), measured) for basis in everywhere(bases, measured, qubits)]


def weights(final: jax.Array, basis: str) -> jax.Array:
    """Returns the probabilities [B, 2^Q] of states [B, 2^Q] in a basis of a letter a qubit, I standing for Z.

    Amplitudes in the bases of X and Y are sums and differences; their factors 1 / sqrt(2) are exact as powers of 2
    of the probabilities.
    """
    turned = [place for place, letter in enumerate(basis) if letter in "XY"]
    psi = final.reshape(-1, *[2] * len(basis)) if turned else final
    for place in turned:
        zero, one = jnp.moveaxis(psi, place + 1, 0)
        one = -1j * one if basis[place] == "Y" else one
        psi = jnp.moveaxis(jnp.stack([zero + one, zero - one]), 0, place + 1)
    squares = psi.real**2 + psi.imag**2
    return (squares / 2 ** len(turned)).reshape(final.shape) if turned else squares


def of_diagonals(every: jax.Array, measured: Sequence[int]) -> jax.Array:
    """Returns the probabilities [B, 2^k] of outcomes of the measured qubits from those [B, 2^Q] of all of them."""
    qubits = (every.shape[-1] - 1).bit_length()
    rest = [qubit for qubit in range(qubits) if qubit not in measured]
    axes = [0, *(qubit + 1 for qubit in (*measured, *rest))]
    return (
        every.reshape(-1, *[2] * qubits).transpose(axes).reshape(len(every), 2 ** len(measured), -1).sum(axis=-1)
    )


def as_read(outcomes: Sequence[jax.Array], noise: NoiseModel | None, measured: Sequence[int]) -> list[jax.Array]:
    """Returns the probabilities of what is read in each basis, with the errors of the readout."""
    if noise is None or noise.confusion is None:
        return list(outcomes)
    confusion = confusion_of(noise.confusion, measured)
    return [confused(one, confusion) for one in outcomes]


def confused(outcomes: jax.Array, confusion: jax.Array) -> jax.Array:
    """Returns probabilities, or frequencies, [..., 2^k] of what is read, for confusion matrices [k, 2, 2]."""
    count = len(confusion)
    read = outcomes.reshape(-1, *[2] * count)
    for place in range(count):
        mixed = jnp.tensordot(read, confusion[place].astype(read.dtype), (place + 1, 0), precision=PRECISION)
        read = jnp.moveaxis(mixed, -1, place + 1)
    return read.reshape(outcomes.shape)
