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

from jaxqkd.circuits import FIXED, ROTATIONS
from jaxqkd.quantum.simulators.statevector.lowering import DIAGONALS, PERMUTATIONS

PRECISION = "highest"
"""Of every product; accelerators otherwise round float32 to fewer bits."""

SINGLE = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
"""The Pauli matrices I, X, Y, Z."""

WINDOW = 2
"""Qubits that one product of a transform acts on."""


@functools.cache
def strings(qubits: int) -> np.ndarray:
    """Returns the matrices [4^k, 2^k, 2^k] of all Pauli strings on k qubits."""
    if qubits == 0:
        return np.ones((1, 1, 1))
    shorter = strings(qubits - 1)
    size = 2**qubits
    return np.einsum("aij,bkl->abikjl", shorter, SINGLE).reshape(-1, size, size)


@functools.cache
def commutation(qubits: int) -> np.ndarray:
    """Returns a matrix [4^k, 4^k] with 1 where two Pauli strings commute, and -1 where they do not."""
    single = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    return functools.reduce(np.kron, [single] * qubits)


def gate(name: str, angle: jax.Array | None = None) -> jax.Array:
    """Returns the complex matrix [2^k, 2^k] of a gate, at an angle in radians if it is a rotation."""
    terms = _gate_terms(name)
    if angle is None:
        return jnp.asarray(terms[0], complex)
    parts = jnp.stack([jnp.ones_like(angle), jnp.cos(angle / 2), jnp.sin(angle / 2)])
    flat = jnp.asarray(terms.reshape(3, -1), jnp.result_type(parts, jnp.complex64))
    return jnp.matmul(parts, flat, precision=PRECISION).reshape(terms.shape[1:])


def transfer(name: str, angle: jax.Array | None = None) -> jax.Array:
    """Returns the real matrix [4^k, 4^k] of a gate in the Pauli basis, at an angle in radians for a rotation."""
    terms = _transfer_terms(name)
    if angle is None:
        return jnp.asarray(terms[0], float)
    turns = jnp.cos(angle), jnp.sin(angle), jnp.cos(angle / 2), jnp.sin(angle / 2)
    parts = jnp.stack([jnp.ones_like(angle), *turns])
    flat = jnp.asarray(terms.reshape(5, -1), parts.dtype)
    return jnp.matmul(parts, flat, precision=PRECISION).reshape(terms.shape[1:])


@functools.cache
def signed_permutation(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns sources and signs [4^k] of a fixed gate, new a being sign[a] old source[a]; None if it mixes."""
    if name in ROTATIONS:
        return None
    matrix = _transfer_terms(name)[0]
    source = np.argmax(np.abs(matrix), axis=1)
    signs = np.round(matrix[np.arange(len(matrix)), source])
    permutes = np.allclose(matrix, signs[:, None] * np.eye(len(matrix))[source])
    return (source, signs) if permutes else None


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
    found = np.zeros((count, 4**qubits))
    found[np.arange(count), places] = 1
    return found


def matrices(observables: jax.Array, qubits: int) -> tuple[jax.Array, jax.Array]:
    """Returns the real and the imaginary parts [K, 2^Q, 2^Q] of observables [K, 4^Q]."""
    real, imaginary = _phases(qubits)
    return _entries(observables * real[None], qubits), _entries(observables * imaginary[None], qubits)


def vector(psi: jax.Array, qubits: int) -> jax.Array:
    """Returns the coefficients [4^Q] of one pure state psi [2^Q]."""
    real, imaginary = _phases(qubits)
    density = jnp.outer(psi, psi.conj())
    found = _strings_of(density.real, qubits) * real
    return found + _strings_of(density.imag, qubits) * imaginary if jnp.iscomplexobj(psi) else found


@functools.cache
def _transfer_terms(name: str) -> np.ndarray:
    """Returns real matrices [5, 4^k, 4^k] whose sum, weighted by functions of the angle, is the transfer matrix.

    The functions are 1, cos and sin of the angle, and cos and sin of half of it; the identity keeps its exact 1.
    """
    gate = _gate_terms(name)
    basis = strings((FIXED | ROTATIONS)[name])
    mapped = np.einsum("sij,bjk,tlk->stbil", gate, basis, gate.conj())
    mixed = np.einsum("aij,stbji->stab", basis, mapped).real / gate.shape[-1]
    one, turn, half = mixed[0, 0], mixed[1:, 1:], mixed[0, 1:] + mixed[1:, 0]
    even = one + (turn[0, 0] + turn[1, 1]) / 2
    terms = np.stack([even, (turn[0, 0] - turn[1, 1]) / 2, (turn[0, 1] + turn[1, 0]) / 2, *half])
    return np.where(np.abs(terms) < 1e-12, 0, terms)


def _gate_terms(name: str) -> np.ndarray:
    """Returns the matrices [3, 2^k, 2^k] whose sum, weighted by 1, cos and sin of half the angle, is the gate."""
    size = 2 ** (FIXED | ROTATIONS)[name]
    nothing = np.zeros((size, size))
    if name in ROTATIONS:
        letters = ["ixyz".index(letter) for letter in name.lstrip("c")[1:]]
        string = functools.reduce(np.kron, SINGLE[letters])
        turned = np.kron([[0, 0], [0, 1]], np.eye(2)) if name[0] == "c" else np.eye(size)
        string = turned @ np.kron(np.eye(size // len(string)), string)
        return np.stack([np.eye(size) - turned, turned, -1j * string])
    if name in PERMUTATIONS:
        fixed = np.eye(size)[list(PERMUTATIONS[name])]
    elif name in DIAGONALS:
        fixed = np.diag(DIAGONALS[name])
    else:
        x, y, z = SINGLE[1:]
        fixed = {"h": (x + z) / np.sqrt(2), "x": x, "y": y}[name]
    return np.stack([fixed, nothing, nothing])


@functools.cache
def _phases(qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the real and imaginary parts [4^Q] of i^n for strings with n times Y; Y is i times a real matrix."""
    single = np.array([1, 1, 1j, 1])
    phases = functools.reduce(np.kron, [single] * qubits)
    return phases.real.astype(np.float32), phases.imag.astype(np.float32)


def _entries(observables: jax.Array, qubits: int) -> jax.Array:
    """Returns the matrices [K, 2^Q, 2^Q] of coefficients [K, 4^Q] of strings of I, X, Y / i, Z."""
    single = np.stack([SINGLE[0], SINGLE[1], SINGLE[2] / 1j, SINGLE[3]]).real.reshape(4, 4).T
    found = _windowed(single, observables, qubits).reshape(-1, *[2] * (2 * qubits))
    order = [0, *range(1, 2 * qubits, 2), *range(2, 2 * qubits + 1, 2)]
    return found.transpose(order).reshape(-1, 2**qubits, 2**qubits)


def _strings_of(matrix: jax.Array, qubits: int) -> jax.Array:
    """Returns the products [4^Q] of a matrix [2^Q, 2^Q] with strings of I, X, Y / i, Z: the transpose of that."""
    single = np.stack([SINGLE[0], SINGLE[1], SINGLE[2] / 1j, SINGLE[3]]).real.reshape(4, 4)
    order = [place for qubit in range(qubits) for place in (qubit, qubits + qubit)]
    mixed = matrix.reshape([2] * (2 * qubits)).transpose(order).reshape(1, -1)
    return _windowed(single, mixed, qubits)[0]


def _windowed(single: np.ndarray, vectors: jax.Array, qubits: int) -> jax.Array:
    """Returns vectors [K, 4^Q], multiplied by the same matrix [4, 4] on every qubit."""
    for first in range(0, qubits, WINDOW):
        places = range(first, min(first + WINDOW, qubits))
        matrix = functools.reduce(np.kron, [single] * len(places))
        vectors = apply(jnp.asarray(matrix, vectors.dtype), places, vectors, qubits)
    return vectors
