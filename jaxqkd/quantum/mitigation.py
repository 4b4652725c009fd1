"""Mitigation: corrections of scores for errors of the readout, and for noise by extrapolation to none."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.quantum.noise.channels import check_confusion, confusion_line, confusion_of
from jaxqkd.quantum.simulators.pauli import Estimator
from jaxqkd.quantum.simulators.shots import confused


def corrected(z: jax.Array, confusion: jax.Array, measured: Sequence[int]) -> jax.Array:
    """Returns <Z> [..., k] without the readout's errors, from what is read: unbiased, at the price of variance.

    The variance of sampled values grows by 1 / (1 - a - b)^2, for probabilities a and b of reading either outcome
    wrongly, and what comes out may lie outside [-1, 1].

    Args:
        z: Expectation values [..., k] as they are read.
        confusion: Matrix [2, 2], or one a qubit [Q, 2, 2].
        measured: The k qubits.

    Raises:
        ValueError: If a confusion matrix has no inverse: what is read does not depend on the state.
    """
    slope, shift = confusion_line(confusion, measured)
    _check_invertible(slope)
    shape = (1,) * (z.ndim - 1) + slope.shape
    return (z - shift.reshape(shape)) / slope.reshape(shape)


def unconfused(outcomes: jax.Array, confusion: jax.Array, measured: Sequence[int]) -> jax.Array:
    """Returns quasi-probabilities [..., 2^k] of true outcomes from probabilities, or frequencies, of what is read.

    The inverse of the tensor product of the qubits' confusion matrices; it sums to 1, but may be negative.
    """
    _check_invertible(confusion_line(confusion, measured)[0])
    return confused(outcomes, jnp.linalg.inv(confusion_of(confusion, measured)))


def mitigated(student: Any, confusion: jax.Array | None = None) -> Any:
    """Returns the student with its <Z> corrected for the readout's errors, exact or sampled as before.

    Args:
        student: A `jaxqkd.models.QuantumStudent`, or what `sampled` made of one.
        confusion: What is believed of the readout; by default the confusion of the student's noise.
    """
    believed: Any = getattr(student.noise, "confusion", None) if confusion is None else confusion
    cure = "Pass confusion=..., or give the noise one."
    checks.require(believed is not None, "confusion", "be known", None, cure)
    check_confusion(believed, student.circuit.qubits)
    estimator = functools.partial(_corrected, student.estimator, believed)
    return student.clone(estimator=estimator)


def extrapolate(strengths: Sequence[float], values: jax.Array, *, degree: int | None = None) -> jax.Array:
    """Returns values [...] at no noise, from values [S, ...] at S strengths: zero-noise extrapolation.

    A polynomial of the degree is fitted to the strengths by least squares and read at 0. With the highest degree,
    S - 1, which is the default, this is Richardson's extrapolation; `degree=1` is the linear one.

    Args:
        strengths: Distinct strengths [S], known before anything is compiled.
        values: Scores or expectation values [S, ...] at these.
        degree: Degree of the polynomial, from 0 to S - 1.

    References:
        Temme, Bravyi, Gambetta, Error mitigation for short-depth quantum circuits, PRL 119, 180509 (2017).
    """
    checks.names("strengths", strengths)
    checks.require(len(values) == len(strengths), "values", f"lead with {len(strengths)} strengths", len(values))
    degree = len(strengths) - 1 if degree is None else degree
    checks.integer("degree", degree, least=0)
    must = f"be at most {len(strengths) - 1} for {len(strengths)} strengths"
    checks.require(degree < len(strengths), "degree", must, degree)
    scaled = np.asarray(strengths, float) / np.max(np.abs(strengths), initial=0)
    weights = np.linalg.pinv(np.vander(scaled, degree + 1, increasing=True))[0]
    return jnp.tensordot(jnp.asarray(weights, values.dtype), values, 1, precision="highest")


def _corrected(
    estimator: Estimator, confusion: jax.Array, circuit: Circuit, *inputs: Any, **options: Any
) -> jax.Array:
    z = estimator(circuit, *inputs, **options)
    return corrected(z, confusion, check_measured(options["measured"], circuit.qubits))


def _check_invertible(slope: jax.Array) -> None:
    if not checks.is_traced(slope):
        good = bool(np.all(np.abs(np.asarray(slope)) > 1e-6))
        must = "have an inverse: the probabilities of either wrong outcome must not sum to 1"
        checks.require(good, "confusion", must, f"one with slopes {slope}")
