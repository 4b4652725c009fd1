"""The Pauli basis: states and observables as real vectors [4^Q], gates as real transfer matrices.

Strings of I, X, Y, Z are ordered as numbers of base 4, qubit 0 first. A state has the coefficients
r_a = tr(P_a rho), an observable is O = sum_a v_a P_a, so that tr(O rho) = v . r. A gate or channel E on k qubits
has the matrix R_ab = tr(P_a E(P_b)) / 2^k; it takes r to R r, and v, which goes backwards, to R^T v.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits.gates import entry
from jaxqkd.circuits.specs import PAULIS, GateSpec
from jaxqkd.circuits.table import GATES

PRECISION = "highest"
"""The precision of every product; accelerators otherwise round float32 to fewer bits."""

WINDOW = 2
"""Number of qubits that one product of a transform acts on."""

_REAL_PAULIS = np.stack([PAULIS[0], PAULIS[1], PAULIS[2] / 1j, PAULIS[3]]).real.reshape(4, 4)
"""The entries [4, 4] of I, X, Y / i and Z, one matrix a row."""


@functools.cache
def strings(qubits: int) -> np.ndarray:
    """Returns the matrices [4^k, 2^k, 2^k] of all Pauli strings on k qubits."""
    if qubits == 0:
        return np.ones((1, 1, 1))
    shorter = strings(qubits - 1)
    size = 2**qubits
    return np.einsum("aij,bkl->abikjl", shorter, PAULIS).reshape(-1, size, size)


@functools.cache
def commutation(qubits: int) -> np.ndarray:
    """Returns a matrix [4^k, 4^k] with 1 where two Pauli strings commute, and -1 where they do not."""
    single = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    return functools.reduce(np.kron, [single] * qubits)


def transfer(name: str | GateSpec, angle: jax.Array | None = None) -> jax.Array:
    """Returns the real matrix [4^k, 4^k] of a gate in the Pauli basis, at an angle in radians for a rotation."""
    terms = _transfer_terms(entry(name, has_angle=angle is not None))
    if angle is None:
        return jnp.asarray(terms[0], float)
    turns = jnp.cos(angle), jnp.sin(angle), jnp.cos(angle / 2), jnp.sin(angle / 2)
    parts = jnp.stack([jnp.ones_like(angle), *turns])
    flat = jnp.asarray(terms.reshape(5, -1), parts.dtype)
    return jnp.matmul(parts, flat, precision=PRECISION).reshape(terms.shape[1:])


def signed_permutation(name: str | GateSpec) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns sources and signs [4^k] of a fixed gate, new a being sign[a] old source[a]; None if it mixes."""
    spec = GATES[name] if isinstance(name, str) else name
    return None if spec.is_rotation else _signed_permutation(spec)


def apply(matrix: jax.Array, places: Sequence[int], vectors: jax.Array, qubits: int) -> jax.Array:
    """Returns vectors [K, 4^Q], each multiplied by a matrix [4^k, 4^k] on the qubits at k places."""
    first, width = places[0], len(places)
    size = 4**width
    if tuple(places) == tuple(range(first, first + width)):
        grouped = vectors.reshape(len(vectors) * 4**first, size, -1)
        if grouped.shape[-1] == 1:
            done = jnp.matmul(grouped[..., 0], matrix.T, precision=PRECISION)
        else:  # a batch of matrices, so that nothing is transposed
            matrices = jnp.broadcast_to(matrix, (len(grouped), size, size))
            done = jnp.matmul(matrices, grouped, precision=PRECISION)
        return done.reshape(vectors.shape)
    axes, front = [place + 1 for place in places], range(1, width + 1)
    moved = jnp.moveaxis(vectors.reshape(len(vectors), *[4] * qubits), axes, front)
    done = jnp.matmul(matrix, moved.reshape(len(vectors), size, -1), precision=PRECISION)
    return jnp.moveaxis(done.reshape(moved.shape), front, axes).reshape(vectors.shape)


def parities(subsets: np.ndarray) -> np.ndarray:
    """Returns the observables [n, 4^Q] that are Z on the qubits marked in each row of subsets [n, Q]."""
    count, qubits = subsets.shape
    places = np.where(subsets, 3, 0) @ 4 ** np.arange(qubits)[::-1]
    observables = np.zeros((count, 4**qubits))
    observables[np.arange(count), places] = 1
    return observables


def matrices(observables: jax.Array, qubits: int) -> tuple[jax.Array, jax.Array]:
    """Returns the real and the imaginary parts [K, 2^Q, 2^Q] of observables [K, 4^Q]."""
    real, imaginary = _phases(qubits)
    return _entries(observables * real[None], qubits), _entries(observables * imaginary[None], qubits)


def vector(psi: jax.Array, qubits: int) -> jax.Array:
    """Returns the coefficients [4^Q] of one pure state psi [2^Q]."""
    real, imaginary = _phases(qubits)
    density = jnp.outer(psi, psi.conj())
    even = _strings_of(density.real, qubits) * real  # strings with an even number of Y
    return even + _strings_of(density.imag, qubits) * imaginary if jnp.iscomplexobj(psi) else even


@functools.cache
def _transfer_terms(spec: GateSpec) -> np.ndarray:
    """Returns real matrices [5, 4^k, 4^k] whose sum, weighted by functions of the angle, is the transfer matrix.

    The functions are 1, cos and sin of the angle, and cos and sin of half of it. The gate is a sum of three terms
    g_0 + cos(angle / 2) g_1 + sin(angle / 2) g_2, so its transfer matrix is a sum over pairs of them.
    """
    basis = strings(spec.qubits)
    mapped = np.einsum("sij,bjk,tlk->stbil", spec.terms, basis, spec.terms.conj())
    pairs = np.einsum("aij,stbji->stab", basis, mapped).real / 2**spec.qubits
    cos_half, sin_half = pairs[0, 1] + pairs[1, 0], pairs[0, 2] + pairs[2, 0]
    # of half the angle: cos^2 = (1 + cos(angle)) / 2, sin^2 = (1 - cos(angle)) / 2, cos sin = sin(angle) / 2
    constant = pairs[0, 0] + (pairs[1, 1] + pairs[2, 2]) / 2
    cos, sin = (pairs[1, 1] - pairs[2, 2]) / 2, (pairs[1, 2] + pairs[2, 1]) / 2
    terms = np.stack([constant, cos, sin, cos_half, sin_half])
    return np.where(np.abs(terms) < 1e-12, 0, terms)  # so that the identity keeps its exact 1


@functools.cache
def _signed_permutation(spec: GateSpec) -> tuple[np.ndarray, np.ndarray] | None:
    matrix = _transfer_terms(spec)[0]
    source = np.argmax(np.abs(matrix), axis=1)
    signs = np.round(matrix[np.arange(len(matrix)), source])
    permutes = np.allclose(matrix, signs[:, None] * np.eye(len(matrix))[source])
    return (source, signs) if permutes else None


@functools.cache
def _phases(qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the real and imaginary parts [4^Q] of i^n for strings with n times Y; Y is i times a real matrix."""
    single = np.array([1, 1, 1j, 1])
    phases = functools.reduce(np.kron, [single] * qubits)
    return phases.real.astype(np.float32), phases.imag.astype(np.float32)


def _entries(observables: jax.Array, qubits: int) -> jax.Array:
    """Returns the matrices [K, 2^Q, 2^Q] of coefficients [K, 4^Q] of strings of I, X, Y / i, Z."""
    entries = _windowed(_REAL_PAULIS.T, observables, qubits).reshape(-1, *[2] * (2 * qubits))
    order = [0, *range(1, 2 * qubits, 2), *range(2, 2 * qubits + 1, 2)]
    return entries.transpose(order).reshape(-1, 2**qubits, 2**qubits)


def _strings_of(matrix: jax.Array, qubits: int) -> jax.Array:
    """Returns the products [4^Q] of a matrix [2^Q, 2^Q] with strings of I, X, Y / i, Z: the transpose of that."""
    order = [place for qubit in range(qubits) for place in (qubit, qubits + qubit)]
    mixed = matrix.reshape([2] * (2 * qubits)).transpose(order).reshape(1, -1)
    return _windowed(_REAL_PAULIS, mixed, qubits)[0]


def _windowed(single: np.ndarray, vectors: jax.Array, qubits: int) -> jax.Array:
    """Returns vectors [K, 4^Q], multiplied by the same matrix [4, 4] on every qubit."""
    for first in range(0, qubits, WINDOW):
        places = range(first, min(first + WINDOW, qubits))
        matrix = functools.reduce(np.kron, [single] * len(places))
        vectors = apply(jnp.asarray(matrix, vectors.dtype), places, vectors, qubits)
    return vectors
