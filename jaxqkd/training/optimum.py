"""Optima: the best observables of an encoding, found by convex optimization, with a certificate."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks
from jaxqkd.models.observable import ObservableStudent, clipped, observables
from jaxqkd.types import Data, Loss, Params

CURVATURE = 0.5
"""The largest second derivative of a softmax's cross-entropy along a direction of norm 1."""
BETWEEN = 10
"""Projected gradients between two looks at the gap, which costs as much as one."""

Objective = Callable[[Params], jax.Array]


class Optimum(NamedTuple):
    """The best parameters of a convex problem, and how far from the optimum they may be.

    Attributes:
        params: The parameters, as `model.apply` takes them.
        loss: The mean loss, without the ridge.
        gradient_norm: Norm of the gradient of the mean loss with the ridge. It is 0 at the optimum without a
            bound; with one it need not be.
        gap: What the mean loss with the ridge exceeds its optimum by, at most. Infinite without ridge and bound.
        iterations: How many were done.
    """

    params: Params
    loss: jax.Array
    gradient_norm: jax.Array
    gap: jax.Array
    iterations: jax.Array


def fit_observables(
    model: ObservableStudent,
    data: Data,
    loss: Loss,
    *,
    ridge: float = 1e-4,
    iterations: int = 1000,
    tolerance: float | None = None,
) -> Optimum:
    """Returns the optimum of an observable student's mean loss plus ridge / 2 times its squared parameters.

    Without a bound L-BFGS finds it. The gap is `|gradient|^2 / (2 ridge)`, by strong convexity. Data that it
    separates have no finite optimum without a ridge: what is certified is the optimum with it. With a bound it is
    projected gradients with momentum and restarts; the gap is that of Frank and Wolfe, over all observables of
    that bound. It is pure: jit it, and vmap it over data.

    Args:
        model: The student.
        data: Examples, with a teacher where the loss needs it.
        loss: A loss that is convex in the logits, with curvature of at most 1/2, such as `hard`, `soft` or `kd`.
        ridge: Weight of the squares, at least 0.
        iterations: The most iterations.
        tolerance: Where to stop: a norm of the gradient without a bound, by default 1e-5; a gap with one, 1e-4.

    References:
        Liu and Nocedal, Mathematical Programming 45, 503 (1989); Beck and Teboulle, SIAM Journal on Imaging
        Sciences 2, 183 (2009); Jaggi, Revisiting Frank-Wolfe, ICML 2013.
    """
    checks.integer("iterations", iterations)
    tolerance = tolerance or (1e-5 if model.bound is None else 1e-4)
    checks.positive("tolerance", tolerance)
    checks.require(ridge >= 0, "ridge", "be at least 0", ridge)
    features = model.features(jnp.asarray(data.x))
    start = jax.tree.map(jnp.zeros_like, model.init(jax.random.key(0), data.x[:1]))

    def mean_loss(params: Params) -> jax.Array:
        logits = features @ params["params"]["observables"]
        if model.bound is None:
            logits = logits + params["params"]["bias"][None]
        return jnp.mean(loss(logits, data.teacher, data.labels))

    def objective(params: Params) -> jax.Array:
        return mean_loss(params) + ridge / 2 * optax.tree.norm(params, squared=True)

    if model.bound is None:
        params, count = _by_lbfgs(objective, start, iterations, tolerance)
    else:
        rate = 1 / (CURVATURE * _largest_eigenvalue(features) + ridge)
        params, count = _by_projection(objective, start, model, rate, ridge, iterations, tolerance)
    gradient = jax.grad(objective)(params)
    gap = _gap(params, gradient, model, ridge)
    return Optimum(params, mean_loss(params), optax.tree.norm(gradient), gap, count)


def _by_lbfgs(objective: Objective, start: Params, iterations: int, tolerance: float) -> tuple[Params, jax.Array]:
    solver = optax.lbfgs()
    valued = optax.value_and_grad_from_state(objective)

    def goes_on(carry: tuple) -> jax.Array:
        _, state, count = carry
        return (count == 0) | ((count < iterations) & (optax.tree.norm(_gradient(state)) > tolerance))

    def step(carry: tuple) -> tuple:
        params, state, count = carry
        value, gradient = valued(params, state=state)
        updates, state = solver.update(gradient, state, params, value=value, grad=gradient, value_fn=objective)
        return optax.apply_updates(params, updates), state, count + 1

    params, _, count = jax.lax.while_loop(goes_on, step, (start, solver.init(start), jnp.asarray(0)))
    return params, count


def _gradient(state: optax.OptState) -> Params:
    return optax.tree.get(state, "grad")


def _by_projection(
    objective: Objective,
    start: Params,
    model: ObservableStudent,
    rate: jax.Array,
    ridge: float,
    iterations: int,
    tolerance: float,
) -> tuple[Params, jax.Array]:
    """Returns the last iterate of projected gradients with momentum, which restarts where it leads uphill."""
    bound, size = float(model.bound or 0), 2**model.qubits

    def step(_: int, carry: tuple) -> tuple:
        old, ahead, inertia = carry
        gradient = jax.grad(objective)(_params(ahead))["params"]["observables"]
        new = clipped(ahead - rate * gradient, bound, size)
        uphill = jnp.sum((ahead - new) * (new - old)) > 0
        grown = jnp.where(uphill, 1.0, (1 + jnp.sqrt(1 + 4 * inertia**2)) / 2)
        momentum = jnp.where(uphill, 0.0, (inertia - 1) / grown)
        return new, new + momentum * (new - old), grown

    def several(carry: tuple) -> tuple:
        state, _, count = carry
        state = jax.lax.fori_loop(0, BETWEEN, step, state)
        found = _params(state[0])
        return state, _gap(found, jax.grad(objective)(found), model, ridge), count + BETWEEN

    def goes_on(carry: tuple) -> jax.Array:
        _, gap, count = carry
        return (count < iterations) & (gap > tolerance)

    first = start["params"]["observables"]
    carry = (first, first, jnp.asarray(1.0)), jnp.asarray(jnp.inf), jnp.asarray(0)
    (new, *_), _, count = jax.lax.while_loop(goes_on, several, carry)
    return _params(new), count


def _params(weights: jax.Array) -> Params:
    return {"params": {"observables": weights}}


def _largest_eigenvalue(features: jax.Array) -> jax.Array:
    """Returns an upper limit of the largest eigenvalue of the features' second moments [F, F], tight to 1 %."""

    def step(_: int, vector: jax.Array) -> jax.Array:
        ahead = features.T @ (features @ vector) / len(features)
        return ahead / jnp.linalg.norm(ahead)

    vector = jax.lax.fori_loop(0, 50, step, features.mean(axis=0))
    largest = jnp.sum((features @ vector) ** 2) / len(features)
    return jnp.minimum(1.01 * largest, jnp.sum(features**2) / len(features))


def _gap(params: Params, gradient: Params, model: ObservableStudent, ridge: float) -> jax.Array:
    """Returns an upper limit of objective minus optimum."""
    if model.bound is None:
        squared = optax.tree.norm(gradient, squared=True)
        return squared / (2 * ridge) if ridge else jnp.full_like(squared, jnp.inf)
    weights, slope = params["params"]["observables"], gradient["params"]["observables"]
    eigenvalues = jnp.linalg.eigvalsh(observables(slope, 2**model.qubits))
    return jnp.sum(slope * weights) + model.bound * jnp.sum(jnp.abs(eigenvalues))
