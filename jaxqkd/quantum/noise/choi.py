"""Choi matrices: from the Pauli transfer matrix of any channel to its Kraus operators."""

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.quantum import paulis


def kraus(transfer: jax.Array) -> jax.Array:
    """Returns 4^k Kraus operators [4^k, 2^k, 2^k] of a Pauli transfer matrix [4^k, 4^k].

    They are the eigenvectors of the Choi matrix. Their gradient is refused: eigenvalues of channels coincide,
    where derivatives of eigenvectors do not exist.
    """
    size = 2 ** ((len(transfer) - 1).bit_length() // 2)
    values, vectors = jnp.linalg.eigh(_choi(_without_gradient(transfer), size))
    scaled = jnp.sqrt(jnp.maximum(values, 0))[None] * vectors  # rounding may leave negative values
    return scaled.T.reshape(-1, size, size)


def _choi(transfer: jax.Array, size: int) -> jax.Array:
    """Returns the Choi matrix sum_ab R_ab P_a (x) conj(P_b) / 2^k, rows and columns by (row, column) of Kraus."""
    strings = jnp.asarray(paulis.strings((size - 1).bit_length()), jnp.result_type(transfer, jnp.complex64))
    left = jnp.einsum("ab,aij->bij", transfer, strings, precision=paulis.PRECISION)
    choi = jnp.einsum("bij,bkl->ikjl", left, strings.conj(), precision=paulis.PRECISION)
    return choi.reshape(size**2, size**2) / size


@jax.custom_jvp
def _without_gradient(transfer: jax.Array) -> jax.Array:
    """Returns the same matrix, whose gradient is refused."""
    return transfer


@_without_gradient.defjvp
def _refuse_gradient(primals: tuple, tangents: tuple) -> tuple:
    cure = "Use simulators.exact(), which needs no Kraus operators."
    checks.require(False, "noise", "have fixed strengths here", "differentiated by a strength", cure)
    return primals, tangents
