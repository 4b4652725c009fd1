"""The training loop, one scan over epochs, and the labeling of data by a teacher."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd.losses import Scheduled
from jaxqkd.models.streams import apply, streams_of
from jaxqkd.training.validation import (
    check_classes,
    check_data,
    check_judged,
    check_names,
    check_options,
    check_state,
    classes_of,
    logits_of,
)
from jaxqkd.types import Data, Fit, History, Key, Loss, Metric, Model, Params

_TRAINING, _JUDGING = 2, 3
"""What keys of random streams are folded with; splitting a key in two has taken 0 and 1."""


class _State(NamedTuple):
    params: Params
    optimizer: optax.OptState
    best: Params
    best_loss: jax.Array
    best_epoch: jax.Array
    diverged_epoch: jax.Array


def fit(
    key: Key,
    model: Model,
    data: Data,
    loss: Loss | Scheduled,
    optimizer: optax.GradientTransformation,
    *,
    epochs: int,
    batch_size: int | None = None,
    validation: Data | None = None,
    patience: int | None = None,
    keep: str | None = None,
    metrics: Mapping[str, Metric] | None = None,
    params: Params | None = None,
    rngs: Sequence[str] | None = None,
) -> Fit:
    """Returns the trained parameters and the history of a training; pure, so jit and vmap it.

    An epoch updates on all data, then scores the validation data. Without patience the loop is a scan, through
    which one can differentiate; with patience it is a while loop, which ends when every seed has stopped.
    Schedules of losses count epochs, schedules of optax count updates: with mini-batches these differ.

    Args:
        key: Random key of the initialization, of the order of mini-batches, and of what the model draws.
        model: Anything with flax linen's `init` and `apply`. It may return a dict of `logits` and taps, of which
            `jaxqkd.losses.on` chooses; metrics get the logits.
        data: Examples; a loss with a soft term needs `data.teacher`, see `label`. With a teacher, an example may
            be without a label, -1: terms of the loss that use labels are 0 there, and the mean is over all
            examples of the batch.
        loss: Unreduced loss; its mean over the batch is minimized. A `jaxqkd.losses.scheduled` one changes with
            the epoch, and with it the validation loss, so that epochs are compared by different losses.
        optimizer: An optax optimizer; its hyper-parameters may be traced.
        epochs: The largest number of epochs.
        batch_size: Examples an update, or None for the full batch. An epoch shuffles the data and leaves out the
            remainder that does not fill a batch.
        validation: Data whose mean loss is followed; with labels, and a teacher where the loss needs it.
        patience: Epochs without a lower validation loss after which a training stops, or None.
        keep: "best" returns the parameters of the lowest validation loss, "last" those at the stop. By default
            "best" with validation data and "last" without.
        metrics: Functions `(scores [B, C], labels [B]) -> scalar` by name, recorded each epoch on the
            validation data, or on `data` if there is none; not by a name that the history has already.
        params: Parameters to start from, in place of `model.init`.
        rngs: Names of the random streams that the model draws from, by default those of its attribute `rngs`. Each
            update draws anew. Validation and metrics draw anew each epoch, but never from "dropout".

    Returns:
        Fit with the parameters, those at the stop, and a history of arrays: `loss` and `gradient_norm` [epochs]
        (means over the epoch's updates; the norm is Euclidean, over all parameters), `val_loss` [epochs] and each
        metric [epochs] where asked for, NaN after a stop; scalars `epochs` (how many were run), `best_epoch` (from
        0; -1 if no validation loss was finite), `diverged` (a loss or a parameter was not finite) and
        `diverged_epoch` (-1 where that never was). A diverged training with patience stops there.

    Raises:
        ValueError: If an argument is out of its range, data whose values are known on the host are not valid, or
            the model has state other than parameters.
    """
    keep = keep or ("last" if validation is None else "best")
    metrics = metrics or {}
    streams = streams_of(model) if rngs is None else tuple(rngs)
    check_data(data, validation)
    check_options(data, epochs, batch_size, validation, patience, keep)
    check_names(metrics)
    check_judged(data, validation, metrics)
    k_params, k_batches = jax.random.split(key)
    params = model.init(k_params, data.x[:1]) if params is None else params
    check_state(model, params)
    some = _keys(streams, key, _TRAINING, 0)
    check_classes(data, validation, classes_of(model, params, data, validation, some))
    judge = functools.partial(_score, model, data if validation is None else validation, metrics)

    def one_epoch(state: _State, epoch: jax.Array) -> tuple[_State, History]:
        now = loss.at(epoch) if isinstance(loss, Scheduled) else loss
        update = functools.partial(_update, model, now, optimizer)
        carry = state.params, state.optimizer
        if batch_size is None:
            carry, record = update(carry, (data, _keys(streams, key, _TRAINING, epoch)))
        else:
            batches = _batches(jax.random.fold_in(k_batches, epoch), data, batch_size)
            keys = _keys(streams, key, _TRAINING, epoch, count=len(batches.x))
            carry, records = jax.lax.scan(update, carry, (batches, keys))
            record = jax.tree.map(jnp.mean, records)
        judging = [name for name in streams if name != "dropout"]
        drawn = _keys(judging, key, _JUDGING, epoch)
        record |= judge(carry[0], None if validation is None else now, drawn)
        return _advance(state, carry, record, epoch, keep), record

    state = _State(params, optimizer.init(params), params, *_never())
    if patience is None:
        state, history = jax.lax.scan(one_epoch, state, jnp.arange(epochs))
        ran = jnp.asarray(epochs)
    else:
        state, history, ran = _until_stopped(one_epoch, state, epochs, patience)
    history |= {"epochs": ran, "diverged": state.diverged_epoch >= 0, "diverged_epoch": state.diverged_epoch}
    if validation is not None:
        history["best_epoch"] = state.best_epoch
    return Fit(state.best if keep == "best" else state.params, history, state.params)


def label(data: Data, model: Model, params: Params, *, rngs: Mapping[str, Key] | None = None) -> Data:
    """Returns data with `teacher` filled: the model's logits [N, C], or all that it returns, computed once.

    Args:
        data: Examples to label; an earlier teacher is replaced.
        model: The teacher.
        params: The teacher's parameters.
        rngs: Random keys by stream, needed where the teacher is sampled, such as `{"shots": key}`.
    """
    return data._replace(teacher=jax.lax.stop_gradient(apply(model, params, data.x, rngs)))


def _keys(
    streams: Sequence[str], key: Key, purpose: int, epoch: int | jax.Array, *, count: int | None = None
) -> dict[str, Key]:
    """Returns a key for each random stream in an epoch, or keys [count] for as many updates."""
    keys = {
        name: jax.random.fold_in(jax.random.fold_in(jax.random.fold_in(key, purpose), epoch), place)
        for place, name in enumerate(streams)
    }
    return keys if count is None else {name: jax.random.split(own, count) for name, own in keys.items()}


def _update(
    model: Model, loss: Loss, optimizer: optax.GradientTransformation, carry: tuple, inputs: tuple
) -> tuple[tuple, History]:
    """Returns parameters and optimizer state after an update on a batch, and the record of the update."""
    (params, optimizer_state), (batch, rngs) = carry, inputs

    def objective(params: Params, batch: Data) -> jax.Array:
        return jnp.mean(_losses(loss, apply(model, params, batch.x, rngs), batch))

    value, gradient = jax.value_and_grad(objective)(params, batch)
    updates, optimizer_state = optimizer.update(gradient, optimizer_state, params)
    record = {"loss": value, "gradient_norm": optax.tree.norm(gradient)}
    return (optax.apply_updates(params, updates), optimizer_state), record


def _losses(loss: Loss, out: Any, data: Data) -> jax.Array:
    """Returns the losses [B] of what a model returned; refuses a loss that does not say which array it takes."""
    try:
        return loss(out, data.teacher, data.labels)
    except (AttributeError, TypeError) as error:
        if not isinstance(out, dict):
            raise
        names = ", ".join(out)
        cure = 'Write jaxqkd.losses.on("logits", loss).'
        raise ValueError(f"Argument `loss` must say which of {names} it takes. {cure}") from error


def _never() -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns the lowest validation loss, its epoch and the epoch of divergence before the first epoch."""
    return jnp.asarray(jnp.inf), jnp.asarray(-1), jnp.asarray(-1)


def _batches(key: Key, data: Data, batch_size: int) -> Data:
    """Returns data in random order as whole batches [batches, batch_size, ...]."""
    count = len(data.x) // batch_size
    order = jax.random.permutation(key, len(data.x))[: count * batch_size].reshape(count, batch_size)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[order], data)


def _score(
    model: Model,
    judged: Data,
    metrics: Mapping[str, Metric],
    params: Params,
    loss: Loss | None,
    rngs: Mapping[str, Key],
) -> History:
    """Returns the metrics on the judged data, and the validation loss unless the loss is None."""
    if loss is None and not metrics:
        return {}
    out = apply(model, params, judged.x, rngs)
    record = {name: metric(logits_of(out), judged.labels) for name, metric in metrics.items()}
    return record if loss is None else record | {"val_loss": jnp.mean(_losses(loss, out, judged))}


def _advance(state: _State, carry: tuple, record: History, epoch: jax.Array, keep: str) -> _State:
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
    return _State(params, optimizer, best, best_loss, best_epoch, diverged_epoch)


def _all_finite(tree: Params) -> jax.Array:
    return jnp.all(jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]))


def _until_stopped(one_epoch, state: _State, epochs: int, patience: int) -> tuple[_State, History, jax.Array]:  # type: ignore[no-untyped-def]
    """Returns the state at the stop, the history padded with NaN, and the number of epochs that ran."""
    _, record = jax.eval_shape(one_epoch, state, jnp.asarray(0))
    history = jax.tree.map(
        lambda leaf: jnp.full((epochs, *leaf.shape), jnp.nan, jnp.result_type(leaf, float)), record
    )

    def goes_on(carry: tuple[jax.Array, _State, History]) -> jax.Array:
        epoch, state, _ = carry
        waited = epoch - 1 - state.best_epoch
        return (epoch < epochs) & (waited < patience) & (state.diverged_epoch < 0)

    def body(carry: tuple[jax.Array, _State, History]) -> tuple[jax.Array, _State, History]:
        epoch, state, history = carry
        state, record = one_epoch(state, epoch)
        history = jax.tree.map(lambda past, now: past.at[epoch].set(now), history, record)
        return epoch + 1, state, history

    ran, state, history = jax.lax.while_loop(goes_on, body, (jnp.asarray(0), state, history))
    return state, history, ran
