"""Losses of quantum states and circuits: a student whose `apply` returns states learns those of a teacher.

Qubit 0 is the most significant bit of a basis state's index. Pure states have norm 1, density matrices trace 1.
"""

import math
from collections.abc import Iterable

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.circuits import check_measured
from jaxqkd.losses.inputs import matching
from jaxqkd.types import Loss


def infidelity() -> Loss:
    """Returns `1 - |<student|teacher>|^2` of pure states [B, 2^Q] of norm 1; a global phase does not matter.

    A student may also be given as density matrices rho [B, 2^Q, 2^Q]: then `1 - <teacher|rho|teacher>`. The
    teacher's states are pure.

    Raises:
        ValueError: When called without a teacher, or if it has another number of amplitudes.

    References:
        Nielsen, Chuang, Quantum Computation and Quantum Information, Section 9.2.2, Cambridge 2010, whose fidelity
        is the root of this one.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        target = matching(teacher, student, "states", "amplitudes")
        if student.ndim == 2:
            return _infidelity(student, target)
        return 1 - jnp.einsum("bi,bij,bj->b", target.conj(), student, target, precision="highest").real

    return loss


def local_infidelity(kept: Iterable[int]) -> Loss:
    """Returns `|rho - sigma|^2 / 2` (Frobenius) of the kept qubits' reduced density matrices, student and teacher.

    It vanishes where they agree, whatever the other qubits do, and equals `infidelity` if all qubits are kept.
    Losses of few qubits keep gradients that one of the whole state loses as qubits are added; `mix` adds them up.

    Args:
        kept: The qubits that are compared.

    Raises:
        ValueError: When called without a teacher, if it has another number of amplitudes, or on qubits that are
            not there.

    References:
        Cerezo et al., Cost Function Dependent Barren Plateaus in Shallow Parametrized Quantum Circuits, Nature
        Communications 12, 1791 (2021).
    """
    chosen = tuple(kept)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        target = matching(teacher, student, "states", "amplitudes")
        return _square(reduced(student, chosen) - reduced(target, chosen)).sum(axis=(1, 2)) / 2

    return loss


def reduced(states: jax.Array, kept: Iterable[int]) -> jax.Array:
    """Returns the density matrices [B, 2^k, 2^k] of k kept qubits of the pure states [B, 2^Q].

    The first of the kept qubits is the most significant one of the result.

    Args:
        states: Pure states of norm 1, real or complex.
        kept: The qubits that are kept; the others are traced out.

    Raises:
        ValueError: If the states are not [B, 2^Q], or a kept qubit is not there.

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
    """Returns `1 - |Tr(U^dagger V)|^2 / 4^Q` of matrices [..., 2^Q, 2^Q]: 0 where they differ by a phase at most.

    A short circuit whose `jaxqkd.quantum.simulators.statevector.unitary` minimizes this replaces a deep one for
    every input. It is the infidelity of the states that they make of half a maximally entangled one.

    Raises:
        ValueError: If the matrices are of different sizes.

    References:
        Khatri et al., Quantum-Assisted Quantum Compiling, Quantum 3, 140 (2019).
    """
    checks.require(u.shape[-2:] == v.shape[-2:], "v", f"be a matrix of shape {u.shape[-2:]}", v.shape[-2:])
    size = u.shape[-1]
    return _infidelity(*(matrix.reshape(*matrix.shape[:-2], size**2) / math.sqrt(size) for matrix in (u, v)))


def _infidelity(student: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns the square of what the student has beside the teacher; 1 - |overlap|^2 would cancel near 0."""
    overlap = jnp.sum(teacher.conj() * student, axis=-1, keepdims=True)
    return _square(student - overlap * teacher).sum(axis=-1)


def _square(x: jax.Array) -> jax.Array:
    return x.real**2 + x.imag**2
