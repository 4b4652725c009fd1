"""The linear layers, loss and training of the peers in JAX: one compiled program for all epochs of all seeds."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.work import LEARNING_RATE, Examples, Implementation, Start, Work

Params = dict[str, jax.Array]
State = tuple[Params, optax.OptState]


def implementation(
    expectations: Callable[[jax.Array, jax.Array], jax.Array], data: Examples, work: Work
) -> Implementation:
    """Returns the implementation of a work around a circuit.

    Args:
        expectations: A function `(theta [L, 3 Q], x [B, ...]) -> [B, Q]`, <Z> of every qubit.
        data: The work's examples, with x as `expectations` or the input layer takes it.
        work: The work.
    """
    optimizer = optax.adam(LEARNING_RATE)
    examples = jax.tree.map(jnp.asarray, data)
    size = work.batch_size or work.examples
    count = work.examples // size
    batches = jax.tree.map(lambda rows: rows[: count * size].reshape(count, size, *rows.shape[1:]), examples)

    def loss(params: Params, batch: Examples) -> jax.Array:
        inputs = batch.x @ params["input_kernel"] + params["input_bias"] if work.has_input else batch.x
        logits = expectations(params["theta"], inputs) @ params["kernel"] + params["bias"]
        entropy = optax.losses.softmax_cross_entropy_with_integer_labels(logits, batch.labels)
        teacher = jax.nn.softmax(batch.teacher)
        return entropy.mean() + optax.losses.kl_divergence(jax.nn.log_softmax(logits), teacher).sum()

    def step(state: State, batch: Examples) -> tuple[State, jax.Array]:
        params, moments = state
        value, slope = jax.value_and_grad(loss)(params, batch)
        updates, moments = optimizer.update(slope, moments)
        return (optax.apply_updates(params, updates), moments), value

    @partial(jax.jit, static_argnames="epochs")
    def trained(starts: Params, batches: Examples, epochs: int) -> tuple[Params, jax.Array]:
        def epoch(state: State, _: None) -> tuple[State, jax.Array]:
            state, losses = jax.lax.scan(step, state, batches)
            return state, losses.mean()

        def seed(start: Params) -> tuple[Params, jax.Array]:
            (params, _), losses = jax.lax.scan(epoch, (start, optimizer.init(start)), length=epochs)
            return params, losses

        return jax.vmap(seed)(starts)

    def gradient(start: Start) -> tuple[float, Start]:
        value, slope = jax.value_and_grad(loss)(start, examples)  # compiling it takes longer than all of training
        return float(value), {name: np.asarray(leaf) for name, leaf in slope.items()}

    def train(starts: Start, epochs: int) -> None:
        jax.block_until_ready(trained(starts, batches, epochs))

    return Implementation(gradient, train)
