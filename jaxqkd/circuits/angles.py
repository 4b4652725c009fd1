"""Angles of gates: what each is as a function of trained angles and features, and circuits of plain angles.

Simulators read circuits whose angles are columns of theta or of x. Factors, offsets and products become columns
of their own, which are computed once for all gates.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.gates import Gate, has_angle

if TYPE_CHECKING:
    from jaxqkd.circuits.circuit import Circuit


class Angle(NamedTuple):
    """An angle for gates that are written in several rotations; the attributes are those of `Gate`."""

    theta: int | None = None
    x: int | tuple[int, ...] | None = None
    factor: float = 1.0
    offset: float = 0.0


class Columns(NamedTuple):
    """Angles that depend on inputs [..., N]: factor * inputs[i] * inputs[j] * ... + offset.

    Attributes:
        indices: Of each angle, the indices of the inputs that are multiplied.
        factors: The factor of each.
        offsets: What is added to each.
    """

    indices: tuple[tuple[int, ...], ...]
    factors: tuple[float, ...]
    offsets: tuple[float, ...]


def turn(name: str, qubits: tuple[int, ...], angle: Angle | float, factor: float = 1.0) -> Gate:
    """Returns the rotation of a name by a multiple of an angle, which is fixed where it is a number."""
    theta, x, own, offset = angle if isinstance(angle, Angle) else Angle(offset=angle)
    is_fixed = theta is None and x is None
    return Gate(name, qubits, theta, x, own if is_fixed else own * factor, offset * factor)


def features_of(gate: Gate) -> tuple[int, ...]:
    """Returns the indices of the features that are multiplied in the angle of a gate, none where it has none."""
    if gate.x is None:
        return ()
    return gate.x if isinstance(gate.x, tuple) else (gate.x,)


def angle_of(gate: Gate, theta: Any, x: Any) -> Any:
    """Returns a gate's angle in radians, or None where it has none.

    Args:
        gate: The gate.
        theta: Trained angles of its layer [P], times the circuit's scale.
        x: Features [D] of one example.
    """
    if gate.is_fixed:
        return gate.offset if has_angle(gate) else None
    values = [x[index] for index in features_of(gate)] if gate.theta is None else [theta[gate.theta]]
    value = functools.reduce(lambda one, other: one * other, values)
    return value if is_plain(gate) else gate.factor * value + gate.offset


def is_plain(gate: Gate) -> bool:
    """Returns whether the gate's angle is a trained angle or a feature as it is, or the gate has no such angle."""
    return gate.is_fixed or (gate.factor == 1 and gate.offset == 0 and not isinstance(gate.x, tuple))


def check_plain(gates: Iterable[Gate]) -> None:
    """Refuses gates whose angles have factors, offsets or products."""
    others = [gate for gate in gates if not is_plain(gate)]
    cure = "Pass what jaxqkd.circuits.resolved returns."
    checks.require(not others, "gates", "have plain angles", others, cure)


def resolved(
    circuit: "Circuit", theta: jax.Array, x: jax.Array | None = None
) -> tuple["Circuit", jax.Array, jax.Array | None]:
    """Returns an equal circuit whose gates have no factors, offsets or products, and its angles and features.

    A circuit that has none is returned as it is. Otherwise each angle that differs is a column of its own: of
    theta [L, P'], with a scale of 1, or of the features [..., D'].

    Args:
        circuit: The circuit.
        theta: Trained angles [L, P], before the circuit's scale.
        x: Features [..., D], or None where no gate reads them.
    """
    plain, trained, features = _plain(circuit)
    theta_dtype = jnp.result_type(theta, float)
    if trained is not None:
        theta = _evaluated(trained, circuit.scale * jnp.asarray(theta, theta_dtype))
    if features is not None:
        x = _evaluated(features, jnp.asarray(x, theta_dtype))
    return plain, theta, x


@functools.cache
def _plain(circuit: "Circuit") -> tuple["Circuit", Columns | None, Columns | None]:
    """Returns a circuit of plain angles, and the columns that make its angles and its features if they differ."""
    every = (*circuit.prefix, *circuit.gates)
    affine_theta = any(gate.theta is not None and not is_plain(gate) for gate in every)
    affine_x = any(gate.x is not None and not is_plain(gate) for gate in every)
    trained = _numbered(gate for gate in every if affine_theta and gate.theta is not None)
    driven = _numbered(gate for gate in every if affine_x and gate.x is not None)
    if not (affine_theta or affine_x):
        return circuit, None, None

    def plain(gate: Gate) -> Gate:
        place = (trained if gate.x is None else driven).get(_form(gate))
        if place is None:
            return gate
        return Gate(gate.name, gate.qubits, *((place, None) if gate.x is None else (None, place)))

    gates, prefix = (tuple(map(plain, part)) for part in (circuit.gates, circuit.prefix))
    scale = 1.0 if affine_theta else circuit.scale
    whole = replace(circuit, gates=gates, prefix=prefix, scale=scale)
    return whole, _columns([*trained]), _columns([*driven])


Form = tuple[tuple[int, ...], float, float]
"""Indices of inputs, factor and offset of an angle."""


def _form(gate: Gate) -> Form:
    return features_of(gate) if gate.theta is None else (gate.theta,), gate.factor, gate.offset


def _numbered(gates: Iterable[Gate]) -> dict[Form, int]:
    """Returns the forms of the gates' angles in order, each with its number."""
    forms = dict.fromkeys(map(_form, gates))
    return {form: number for number, form in enumerate(forms)}


def _columns(forms: Sequence[Form]) -> Columns | None:
    return Columns(*map(tuple, zip(*forms, strict=True))) if forms else None


def _evaluated(columns: Columns, inputs: jax.Array) -> jax.Array:
    """Returns the angles [..., M] of the inputs [..., N]."""
    most = max(map(len, columns.indices))
    ones = inputs.shape[-1]  # the place of a factor 1, which fills shorter products up
    if most > 1:
        inputs = jnp.concatenate([inputs, jnp.ones_like(inputs[..., :1])], axis=-1)
    padded = np.asarray([[*indices, *[ones] * (most - len(indices))] for indices in columns.indices], np.int32)
    products = math.prod((inputs[..., place] for place in padded.T[1:]), start=inputs[..., padded.T[0]])
    shape = (1,) * (inputs.ndim - 1) + (-1,)
    factors, offsets = (
        jnp.asarray(numbers, inputs.dtype).reshape(shape) for numbers in (columns.factors, columns.offsets)
    )
    return factors * products + offsets
