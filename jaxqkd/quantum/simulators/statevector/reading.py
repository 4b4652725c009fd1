"""Reading: values of Pauli strings from state vectors.

A string flips the bits of its X and Y, and multiplies by a phase. Strings that flip the same bits share one gather
of the amplitudes, and are one matrix product together.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

PRECISION = "highest"


def values(real: jax.Array, imaginary: jax.Array, strings: Sequence[str]) -> jax.Array:
    """Returns the values [B, n] of strings on all qubits, for the parts [2^Q, B] of states as columns."""
    flips = [_mask(string, "XY") for string in strings]
    distinct = list(dict.fromkeys(flips))
    parts = []
    for flip in distinct:
        own = [string for string, other in zip(strings, flips, strict=True) if other == flip]
        parts.append(_alike(real, imaginary, flip, own))
    if len(parts) == 1:
        return parts[0].T
    order = np.argsort(np.argsort([distinct.index(flip) for flip in flips], kind="stable"), kind="stable")
    return jnp.concatenate(parts)[order].T


def _alike(real: jax.Array, imaginary: jax.Array, flip: int, strings: Sequence[str]) -> jax.Array:
    """Returns the values [n, B] of strings P that flip the same bits: sums of conj(psi_(j ^ flip)) P_j psi_j."""
    phases = _phases(strings, len(real))
    if not flip:
        return jnp.matmul(jnp.asarray(phases.real, real.dtype), real**2 + imaginary**2, precision=PRECISION)
    source = (np.arange(len(real)) ^ flip).astype(np.int32)
    flipped_real, flipped_imaginary = real[source], imaginary[source]
    products = jnp.concatenate(
        [flipped_real * real + flipped_imaginary * imaginary, flipped_imaginary * real - flipped_real * imaginary]
    )
    both = np.concatenate([phases.real, phases.imag], axis=1)
    return jnp.matmul(jnp.asarray(both, real.dtype), products, precision=PRECISION)


def _phases(strings: Sequence[str], size: int) -> np.ndarray:
    """Returns the phases [n, 2^Q] that strings give basis states: i for each Y, -1 for each 1 under Y or Z."""
    index = np.arange(size)
    rows = [
        (1 - 2.0 * (np.bitwise_count(index & _mask(string, "YZ")) % 2)) * 1j ** string.count("Y")
        for string in strings
    ]
    return np.stack(rows)


def _mask(string: str, letters: str) -> int:
    return int("".join("1" if letter in letters else "0" for letter in string), 2)
