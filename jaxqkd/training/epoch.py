"""An epoch of a training: updates on all data, then scores of the validation data."""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd.losses import Scheduled
from jaxqkd.models.streams import apply
from jaxqkd.training.estimators import Autodiff, Estimator
from jaxqkd.training.validation import logits_of, losses_of
from jaxqkd.types import Data, History, Key, Loss, Metric, Model, Params

_TRAINING, _JUDGING = 2, 3
"""What keys of random streams are folded with; splitting a key in two has taken 0 and 1."""


class Training(NamedTuple):
    """What stays the same in all epochs."""

    key: Key
    k_batches: Key
    model: Model
    data: Data
    loss: Loss | Scheduled
    optimizer: optax.GradientTransformation
    batch_size: int | None
    validation: Data | None
    keep: str
    metrics: Mapping[str, Metric]
    streams: Sequence[str]
    estimator: Estimator


class State(NamedTuple):
    """What changes from epoch to epoch."""

    params: Params
    optimizer: optax.OptState
    best: Params
    best_loss: jax.Array
    best_epoch: jax.Array
    diverged_epoch: jax.Array


def first_state(params: Params, optimizer: optax.GradientTransformation) -> State:
    """Returns the state before the first epoch."""
    never = jnp.asarray(jnp.inf), jnp.asarray(-1), jnp.asarray(-1)
    return State(params, optimizer.init(params), params, *never)


def one_epoch(training: Training, state: State, epoch: jax.Array) -> tuple[State, History]:
    """Returns the state after an epoch, and the record of the epoch."""
    loss = training.loss.at(epoch) if isinstance(training.loss, Scheduled) else training.loss
    carry, record = _updated(training, loss, (state.params, state.optimizer), epoch)
    record |= _score(training, loss, carry[0], epoch)
    return _advance(state, carry, record, epoch, training.keep), record


def _updated(training: Training, loss: Loss, carry: tuple, epoch: jax.Array) -> tuple[tuple, History]:
    """Returns parameters and optimizer state after an epoch's updates, and the means of their records."""
    update = functools.partial(_update, training, loss)
    streams = (*training.streams, *training.estimator.rngs)
    keys = functools.partial(_keys, streams, training.key, _TRAINING, epoch)
    if training.batch_size is None:
        return update(carry, (training.data, keys(), epoch))
    batches = _batches(jax.random.fold_in(training.k_batches, epoch), training.data, training.batch_size)
    count = len(batches.x)
    steps = None if isinstance(training.estimator, Autodiff) else epoch * count + jnp.arange(count)
    carry, records = jax.lax.scan(update, carry, (batches, keys(count=count), steps))
    return carry, jax.tree.map(jnp.mean, records)


def _update(training: Training, loss: Loss, carry: tuple, inputs: tuple) -> tuple[tuple, History]:
    """Returns parameters and optimizer state after an update on a batch, and the record of the update."""
    (params, optimizer_state), (batch, keys, step) = carry, inputs

    def objective(model: Model, params: Params, rngs: Mapping[str, Key]) -> jax.Array:
        return jnp.mean(losses_of(loss, apply(model, params, batch.x, rngs), batch))

    value, gradient = training.estimator(objective, training.model, params, keys, step)
    updates, optimizer_state = training.optimizer.update(gradient, optimizer_state, params)
    record = {"loss": value, "gradient_norm": optax.tree.norm(gradient)}
    return (optax.apply_updates(params, updates), optimizer_state), record


def _score(training: Training, loss: Loss, params: Params, epoch: jax.Array) -> History:
    """Returns the metrics and, with validation data, their loss; nothing is dropped."""
    if training.validation is None and not training.metrics:
        return {}
    judged = training.data if training.validation is None else training.validation
    streams = [name for name in training.streams if name != "dropout"]
    out = apply(training.model, params, judged.x, _keys(streams, training.key, _JUDGING, epoch))
    record = {name: metric(logits_of(out), judged.labels) for name, metric in training.metrics.items()}
    if training.validation is not None:
        record["val_loss"] = jnp.mean(losses_of(loss, out, judged))
    return record


def _keys(
    streams: Sequence[str], key: Key, purpose: int, epoch: int | jax.Array, *, count: int | None = None
) -> dict[str, Key]:
    """Returns a key for each random stream in an epoch, or keys [count] for as many updates."""
    keys = {
        name: jax.random.fold_in(jax.random.fold_in(jax.random.fold_in(key, purpose), epoch), place)
        for place, name in enumerate(streams)
    }
    return keys if count is None else {name: jax.random.split(own, count) for name, own in keys.items()}


def _batches(key: Key, data: Data, batch_size: int) -> Data:
    """Returns data in random order as whole batches [batches, batch_size, ...]."""
    count = len(data.x) // batch_size
    order = jax.random.permutation(key, len(data.x))[: count * batch_size].reshape(count, batch_size)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[order], data)


def _advance(state: State, carry: tuple, record: History, epoch: jax.Array, keep: str) -> State:
    """Returns the state after an epoch: the best so far, and whether all is still finite."""
    params, optimizer = carry
    first = (state.diverged_epoch < 0) & ~_all_finite((record["loss"], record.get("val_loss", 0.0), params))
    diverged_epoch = jnp.where(first, epoch, state.diverged_epoch)
    better = record.get("val_loss", jnp.inf) < state.best_loss
    best_loss = jnp.where(better, record.get("val_loss", jnp.inf), state.best_loss)
    best_epoch = jnp.where(better, epoch, state.best_epoch)
    best = state.best
    if keep == "best":
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), params, state.best)
    return State(params, optimizer, best, best_loss, best_epoch, diverged_epoch)


def _all_finite(tree: Params) -> jax.Array:
    return jnp.all(jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]))
