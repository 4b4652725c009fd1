"""The parameter-shift rule: derivatives of what is read as differences of values at shifted angles.

A device gives no derivatives, but the value of an expectation is a trigonometric polynomial of each gate's angle,
so that its values at a few other angles give its derivative exactly. Sampled values give an unbiased estimate.

References:
    Schuld et al., Evaluating analytic gradients on quantum hardware, Phys. Rev. A 99, 032331 (2019).
    Anselmetti et al., Local, expressive, quantum-number-preserving VQE ansätze for fermionic systems, New J. Phys.
    23, 113010 (2021).
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits import GATES, Circuit, GateSpec
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.readouts import Readout, Z
from jaxqkd.quantum.simulators.simulator import Simulator
from jaxqkd.types import Key

TWO_TERMS = ((np.pi / 2, 0.5), (-np.pi / 2, -0.5))
"""Shifts of the angle and their weights for a generator whose eigenvalues are -1 and 1."""

_NEAR, _FAR = (np.sqrt(2) + 1) / (4 * np.sqrt(2)), (np.sqrt(2) - 1) / (4 * np.sqrt(2))
FOUR_TERMS = ((np.pi / 2, _NEAR), (-np.pi / 2, -_NEAR), (3 * np.pi / 2, -_FAR), (-3 * np.pi / 2, _FAR))
"""The same for a generator whose eigenvalues are -1, 0 and 1, such as those of controlled rotations."""

TOGETHER = 16
"""Number of shifted circuits that are simulated side by side."""


class Shifts(NamedTuple):
    """The shifted circuits of a circuit whose trained gates have an angle each.

    Attributes:
        circuit: The circuit with an angle of its own for each trained gate of a layer, P' of them.
        origin: Which of the original's angles each of them is [P'].
        places: Which of the L P' angles is shifted, for each shifted circuit [S].
        amounts: By how much theta is shifted, before the circuit's scale and the gate's factor [S].
        weights: The weight of its value in the derivative by that angle [S].
    """

    circuit: Circuit
    origin: np.ndarray
    places: np.ndarray
    amounts: np.ndarray
    weights: np.ndarray


def shifts(circuit: Circuit) -> Shifts:
    """Returns the shifted circuits that the derivative by all trained angles takes.

    A gate whose generator squares to 1 takes two, another takes four. Gates that share an angle are shifted one by
    one, in each layer, and their derivatives add up.
    """
    trained = [place for place, gate in enumerate(circuit.gates) if gate.theta is not None]
    gates = list(circuit.gates)
    for index, place in enumerate(trained):
        gates[place] = gates[place]._replace(theta=index)
    origin = np.asarray([circuit.gates[place].theta for place in trained], np.int32)
    factors = [circuit.scale * circuit.gates[place].factor for place in trained]  # of the angle, by theta
    rows = [
        (layer * len(trained) + index, amount / factor, weight * factor)
        for layer in range(circuit.layers)
        for index, (place, factor) in enumerate(zip(trained, factors, strict=True))
        if factor
        for amount, weight in terms(GATES[circuit.gates[place].name])
    ]
    places, amounts, weights = np.reshape(np.asarray(rows), (-1, 3)).T
    own = dataclasses.replace(circuit, gates=tuple(gates))
    return Shifts(own, origin, places.astype(np.int32), amounts, weights)


def terms(spec: GateSpec) -> Sequence[tuple[float, float]]:
    """Returns the shifts of a rotation's angle, and the weights of the values there in the derivative by it."""
    assert spec.generator is not None
    squared = spec.generator @ spec.generator
    return TWO_TERMS if np.allclose(squared, np.eye(len(squared))) else FOUR_TERMS


@dataclasses.dataclass(frozen=True)
class Shifted(Simulator):
    """A simulator whose gradient by trained angles is that of the parameter-shift rule, from its own values.

    Sampled values at shifted angles are drawn anew, with keys of their own. The gradient by states and features is
    zero: they are data.

    Attributes:
        simulator: The simulator of all values.
    """

    simulator: Simulator

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams of the simulator."""
        return self.simulator.rngs

    def expectations(
        self,
        circuit: Circuit,
        theta: jax.Array,
        states: jax.Array,
        *,
        measured: Sequence[int],
        x: jax.Array | None = None,
        noise: NoiseModel | None = None,
        key: Key | None = None,
        readout: Readout = Z,
    ) -> jax.Array:
        """Returns the simulator's values [B, n]; see `Simulator.expectations`."""
        shifted = shifts(circuit)

        def evaluate(theta: jax.Array, data: Any, key: Key | None) -> jax.Array:
            states, x, noise = data
            options: dict[str, Any] = {"measured": measured, "x": x, "noise": noise, "readout": readout}
            return self.simulator.expectations(shifted.circuit, theta, states, **options, key=key)

        theta = jnp.asarray(theta, jnp.result_type(theta, float))
        rule = _shift_rule(evaluate, shifted) if len(shifted.places) else evaluate
        return rule(theta[:, shifted.origin], (states, x, noise), key)

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit."""
        return self.simulator.final_states(circuit, theta, states, x=x)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        count = len(shifts(circuit).places)
        start = self.simulator.explain(circuit, noise=noise)
        return f"{start} The gradient comes from {count} circuits with one shifted angle each."


def _shift_rule(evaluate: Callable[..., jax.Array], shifted: Shifts) -> Callable[..., jax.Array]:
    """Returns `evaluate(theta [L, P'], data, key)` with the derivative by theta of the parameter-shift rule."""
    rule = jax.custom_vjp(evaluate)

    def backward(inputs: tuple, slope: jax.Array) -> tuple:
        theta, data, key = inputs

        def share(inputs: tuple) -> jax.Array:
            place, amount, weight, number = inputs
            moved = theta.ravel().at[place].add(amount).reshape(theta.shape)
            own = None if key is None else jax.random.fold_in(key, number)
            return weight * jnp.sum(slope * evaluate(moved, data, own))

        count = len(shifted.places)
        numbers = jnp.arange(1, count + 1, dtype=jnp.uint32)
        amounts, weights = (jnp.asarray(part, theta.dtype) for part in (shifted.amounts, shifted.weights))
        each = (jnp.asarray(shifted.places), amounts, weights, numbers)
        shares = jax.lax.map(share, each, batch_size=min(count, TOGETHER))
        gradient = jnp.zeros(theta.size, theta.dtype).at[shifted.places].add(shares.astype(theta.dtype))
        return gradient.reshape(theta.shape), None, None

    rule.defvjp(lambda theta, data, key: (evaluate(theta, data, key), (theta, data, key)), backward)
    return rule
