"""Losses of quantum states and circuits, for a student whose `apply` returns states.

Qubit 0 is the most significant bit of a basis state's index. Pure states have norm 1, density matrices trace 1.
"""

import math
from collections.abc import Iterable

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.circuits import check_measured
from jaxqkd.losses.inputs import matching_teacher
from jaxqkd.types import Loss


def infidelity() -> Loss:
    """Returns `1 - |<student|teacher>|^2` of pure states [B, 2^Q] of norm 1; a global phase does not matter.

    The student may also return density matrices rho [B, 2^Q, 2^Q], which give `1 - <teacher|rho|teacher>`. The
    teacher's states are pure.

    Raises:
        ValueError: When called without a teacher, or with another number of amplitudes.

    References:
        Nielsen, Chuang, Quantum Computation and Quantum Information, Section 9.2.2, Cambridge 2010, whose fidelity
        is the root of this one.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        target = matching_teacher(teacher, student, "states", "amplitudes")
        if student.ndim == 2:
            return _infidelity(student, target)
        return 1 - jnp.einsum("bi,bij,bj->b", target.conj(), student, target, precision="highest").real

    return loss


def local_infidelity(kept: Iterable[int]) -> Loss:
    """Returns `|rho - sigma|^2 / 2` (Frobenius norm) of the kept qubits' reduced density matrices rho and sigma.

    One is the student's, the other the teacher's. The loss is 0 if they agree, whatever the other qubits do, and
    equals `infidelity` if all qubits are kept. As qubits are added, the gradients of a loss of the whole state
    vanish, while those of losses of few qubits remain; `mix` adds several of them up.

    Args:
        kept: The qubits to compare.

    Raises:
        ValueError: When called without a teacher, with another number of amplitudes, or on qubits out of range.

    References:
        Cerezo et al., Cost Function Dependent Barren Plateaus in Shallow Parametrized Quantum Circuits, Nature
        Communications 12, 1791 (2021).
    """
    chosen = tuple(kept)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        target = matching_teacher(teacher, student, "states", "amplitudes")
        return _square(reduced(student, chosen) - reduced(target, chosen)).sum(axis=(1, 2)) / 2

    return loss


def reduced(states: jax.Array, kept: Iterable[int]) -> jax.Array:
    """Returns the density matrices [B, 2^k, 2^k] of k kept qubits of the pure states [B, 2^Q].

    The first of the kept qubits is the most significant one of the result.

    Args:
        states: Pure states of norm 1, real or complex.
        kept: The qubits to keep; the others are traced out.

    Raises:
        ValueError: If the states are not [B, 2^Q], or a kept qubit is out of range.

    Example:
        >>> bell = jnp.array([[1.0, 0.0, 0.0, 1.0]]) / math.sqrt(2)
        >>> print(reduced(bell, (0,)).round(3))
        [[[0.5 0. ]
          [0.  0.5]]]
    """
    checks.rank("states", states, 2, "[B, 2^Q]")
    qubits = states.shape[1].bit_length() - 1
    checks.require(states.shape[1] == 2**qubits, "states", "have 2^Q amplitudes", f"of shape {states.shape}")
    chosen = check_measured(kept, qubits, "kept")
    split = states.reshape(-1, *[2] * qubits)
    split = jnp.moveaxis(split, [1 + qubit for qubit in chosen], range(1, 1 + len(chosen)))
    rows = split.reshape(len(states), 2 ** len(chosen), -1)
    return jnp.einsum("bie,bje->bij", rows, rows.conj(), precision="highest")


def unitary_infidelity(u: jax.Array, v: jax.Array) -> jax.Array:
    """Returns `1 - |Tr(U^dagger V)|^2 / 4^Q` of matrices [..., 2^Q, 2^Q]; 0 up to a phase.

    A short circuit whose `jaxqkd.quantum.simulators.statevector.unitary` minimizes this replaces a deep one for
    every input. It is the infidelity of the states that the matrices make of one half of a maximally entangled
    state.

    Raises:
        ValueError: If the matrices are of different sizes.

    References:
        Khatri et al., Quantum-Assisted Quantum Compiling, Quantum 3, 140 (2019).
    """
    checks.require(u.shape[-2:] == v.shape[-2:], "v", f"be a matrix of shape {u.shape[-2:]}", v.shape[-2:])
    size = u.shape[-1]
    return _infidelity(*(matrix.reshape(*matrix.shape[:-2], size**2) / math.sqrt(size) for matrix in (u, v)))


def _infidelity(student: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns the squared norm of what is orthogonal to the teacher, since 1 - |overlap|^2 would cancel near 0."""
    overlap = jnp.sum(teacher.conj() * student, axis=-1, keepdims=True)
    return _square(student - overlap * teacher).sum(axis=-1)


def _square(x: jax.Array) -> jax.Array:
    return x.real**2 + x.imag**2
