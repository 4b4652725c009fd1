"""Estimators of gradients: by automatic differentiation, or as a device has to estimate them.

A device gives values alone. The parameter-shift rule and SPSA estimate the gradient by trained angles from them;
the classical head behind the circuit takes its exact gradient from the values that were read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jax

from jaxqkd import checks
from jaxqkd.circuits import check_measured
from jaxqkd.models import QuantumStudent
from jaxqkd.models.parameters import is_angle, map_angles
from jaxqkd.quantum import readouts
from jaxqkd.quantum.simulators.shifting import Shifted, shifts
from jaxqkd.types import Key, Model, Params

STREAM = "gradient"
"""Name of the random stream of estimators that draw."""

Objective = Callable[[Any, Params, Mapping[str, Key]], jax.Array]
"""A function `(model, params, keys) -> loss` of one batch."""


class Estimator(Protocol):
    """A way to the gradient of an update."""

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams that it draws from beside the model's: `("gradient",)`, or none."""
        return ()

    def __call__(
        self, objective: Objective, model: Any, params: Params, keys: Mapping[str, Key], step: Any
    ) -> tuple[jax.Array, Params]:
        """Returns the loss of a batch, and the estimate of its gradient by the parameters.

        Args:
            objective: The loss of the batch.
            model: The model; the objective also takes a clone of it.
            params: Its parameters.
            keys: Random keys by stream, the model's and the estimator's own.
            step: Number of updates before this one, or None where the estimator counts no executions.
        """

    def executions(self, model: Model) -> int | None:
        """Returns the number of executions an example and update; None where a device could not do the same.

        One execution is a circuit with its angles, for one example, that is measured in one basis, as often as
        there are shots. Refuses a model whose gradient it cannot estimate.
        """


@dataclass(frozen=True)
class Autodiff(Estimator):
    """The exact derivative of what is computed: the default of `fit`, made by `autodiff`."""

    def __call__(
        self, objective: Objective, model: Any, params: Params, keys: Mapping[str, Key], step: Any
    ) -> tuple[jax.Array, Params]:
        """Returns the loss of a batch and its derivative."""
        return jax.value_and_grad(lambda params: objective(model, params, keys))(params)

    def executions(self, model: Model) -> None:
        """Returns None."""
        return


@dataclass(frozen=True)
class ParameterShift(Estimator):
    """The parameter-shift rule; made by `parameter_shift`."""

    def __call__(
        self, objective: Objective, model: Any, params: Params, keys: Mapping[str, Key], step: Any
    ) -> tuple[jax.Array, Params]:
        """Returns the loss of a batch and the estimate of its gradient."""
        shifted = model.clone(simulator=Shifted(model.simulator))
        return jax.value_and_grad(lambda params: objective(shifted, params, keys))(params)

    def executions(self, model: Model) -> int:
        """Returns 1 and the number of shifted circuits, times the number of bases that are measured."""
        student = _checked(model)
        return (1 + len(shifts(student.circuit).places)) * _bases(student)


@dataclass(frozen=True, eq=False)  # hashed by identity, since a size may be traced
class Spsa(Estimator):
    """Simultaneous perturbation; made by `spsa`.

    Attributes:
        size: The first size of the perturbation, in radians.
        decay: The exponent of its decrease.
    """

    size: Any
    decay: Any

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random stream of the directions."""
        return (STREAM,)

    def __call__(
        self, objective: Objective, model: Any, params: Params, keys: Mapping[str, Key], step: Any
    ) -> tuple[jax.Array, Params]:
        """Returns the mean loss of both ends, and the estimate of the gradient."""
        size = self.size / (step + 1.0) ** self.decay
        direction = map_angles(lambda leaf: jax.random.rademacher(keys[STREAM], leaf.shape, leaf.dtype), params)
        own = {name: key for name, key in keys.items() if name != STREAM}

        def at(place: int, sign: int) -> tuple[jax.Array, Params]:
            drawn = {name: jax.random.fold_in(key, place) for name, key in own.items()}
            moved = _of_angles(lambda leaf, along: leaf + sign * size * along, params, direction)
            still = map_angles(jax.lax.stop_gradient, moved)  # the head alone is differentiated
            return jax.value_and_grad(lambda p: objective(model, _of_angles(_second, p, still), drawn))(moved)

        (above, rising), (below, falling) = at(0, 1), at(1, -1)
        slope = (above - below) / (2 * size)
        means = jax.tree.map(lambda first, second: (first + second) / 2, rising, falling)
        return (above + below) / 2, _of_angles(lambda _, along: slope * along, means, direction)

    def executions(self, model: Model) -> int:
        """Returns 2, times the number of bases that are measured."""
        return 2 * _bases(_checked(model))


def autodiff() -> Autodiff:
    """Returns the exact derivative of what is computed, the default of `fit`."""
    return Autodiff()


def parameter_shift() -> ParameterShift:
    """Returns the parameter-shift rule for `fit(..., gradient=...)`: gradients from values at shifted angles.

    Each trained gate is shifted by itself, in each layer: twice where its generator has the eigenvalues -1 and 1,
    four times where it also has 0, as controlled rotations have. Exact values give the exact gradient, sampled
    values an unbiased estimate. The values that are not shifted give the loss and the gradient by the head.

    References:
        Schuld et al., Evaluating analytic gradients on quantum hardware, Phys. Rev. A 99, 032331 (2019).
    """
    return ParameterShift()


def spsa(size: Any = 0.1, *, decay: Any = 0.101) -> Spsa:
    """Returns simultaneous perturbation (SPSA) for `fit(..., gradient=...)`: two values an update.

    All angles are moved by c_k = size / (k + 1)^decay at update k, each up or down at random, and then the other
    way; the difference of the losses over 2 c_k, times the direction, estimates the gradient. The gradient by the
    head is the mean of those at both ends. For step sizes that go with it see `gains`.

    Args:
        size: The first size of the perturbation, in radians; may be traced.
        decay: The exponent of its decrease, from 0; may be traced.

    References:
        Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient approximation, IEEE
        Trans. Autom. Control 37, 332 (1992); Implementation of the simultaneous perturbation algorithm, IEEE
        Trans. Aerosp. Electron. Syst. 34, 817 (1998).
    """
    checks.positive("size", size)
    if not checks.is_traced(decay):
        checks.require(decay >= 0, "decay", "be at least 0", decay)
    return Spsa(size, decay)


def gains(first: Any, *, stability: Any = 0.0, decay: Any = 0.602) -> Callable[[Any], Any]:
    """Returns Spall's step sizes a_k = first / (k + 1 + stability)^decay as a schedule for optax.

    Args:
        first: The numerator a; may be traced.
        stability: The constant A that keeps the first steps small, about a tenth of all steps.
        decay: The exponent alpha.

    Example:
        >>> float(gains(0.2, decay=1.0)(3))
        0.05
    """
    checks.positive("first", first)
    return lambda step: first / (step + 1.0 + stability) ** decay


def shots_per_execution(model: Any) -> int:
    """Returns how often each execution is repeated; 0 where values are exact."""
    return getattr(model.simulator, "shots", 0)


def _checked(model: Any) -> QuantumStudent:
    """Returns the student; refuses other models, whose gradient a device could not estimate so."""
    cure = "Use jaxqkd.training.autodiff()."
    is_student = isinstance(model, QuantumStudent)
    must = "be a QuantumStudent for this estimator of gradients"
    checks.require(is_student, "model", must, f"a {type(model).__name__}", cure)
    cure = "Reduce the features beforehand, by jaxqkd.data.fit_reduction, or use jaxqkd.training.autodiff()."
    must = "have no trained layer before its circuit for this estimator of gradients"
    checks.require(model.input_width is None, "model", must, f"one of width {model.input_width}", cure)
    return model


def _bases(student: QuantumStudent) -> int:
    qubits = len(check_measured(student.measured, student.circuit.qubits))
    return len(readouts.measurements(readouts.checked(student.readout, qubits), qubits))


def _of_angles(function: Callable[..., jax.Array], params: Params, others: Params) -> Params:
    """Returns the parameters with the function of both trees' leaves in place of each leaf of angles."""
    return jax.tree.map_with_path(
        lambda path, leaf, other: function(leaf, other) if is_angle(path) else leaf, params, others
    )


def _second(_: jax.Array, other: jax.Array) -> jax.Array:
    return other
