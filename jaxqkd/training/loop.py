"""The training loop, one scan over epochs, and the labeling of data by a teacher."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd.losses import Scheduled
from jaxqkd.training.validation import (
    check_classes,
    check_data,
    check_judged,
    check_names,
    check_options,
    classes_of,
    logits_of,
)
from jaxqkd.types import Data, Fit, History, Key, Loss, Metric, Model, Params


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
) -> Fit:
    """Returns the trained parameters and the history of a training; pure, so jit and vmap it.

    An epoch updates on all data, then scores the validation data. Without patience the loop is a scan, which one
    can differentiate through; with patience it is a while loop that ends when each seed of a batch has stopped.

    Args:
        key: Random key of the initialization and of the order of mini-batches.
        model: Anything with flax linen's `init` and `apply`. It may return a dict of `logits` and taps, of which
            `jaxqkd.losses.on` chooses; metrics get the logits.
        data: Examples; a loss with a soft term needs `data.teacher`, see `label`. With a teacher, an example may
            be without a label, -1: what hears labels is 0 there, and the mean is over all examples of the batch.
        loss: Unreduced loss; its mean over the batch is minimized. A `jaxqkd.losses.scheduled` one changes with
            the epoch, and with it the validation loss, so that the best epoch is found among unlike ones.
        optimizer: An optax optimizer; its hyper-parameters may be traced.
        epochs: The largest number of epochs.
        batch_size: Examples a step, or None for the full batch. An epoch shuffles the data and leaves out the
            remainder that does not fill a batch.
        validation: Data whose mean loss is followed; with labels, and a teacher where the loss needs it.
        patience: Epochs without a lower validation loss after which a training stops, or None.
        keep: "best" returns the parameters of the lowest validation loss, "last" those at the stop. By default
            "best" with validation data and "last" without.
        metrics: Functions `(scores [B, C], labels [B]) -> scalar` by name, recorded each epoch on the
            validation data, or on `data` if there is none; not by a name that the history has already.
        params: Parameters to start from, in place of `model.init`.

    Returns:
        Fit with the parameters, those at the stop, and a history of arrays: `loss` and `gradient_norm` [epochs]
        (means over the epoch's updates; the norm is Euclidean, over all parameters), `val_loss` [epochs] and each
        metric [epochs] where asked for, NaN after a stop; scalars `epochs` (how many were run), `best_epoch` (from
        0; -1 if no validation loss was finite), `diverged` (a loss or a parameter was not finite) and
        `diverged_epoch` (-1 where that never was). A diverged training with patience stops there.

    Raises:
        ValueError: If an argument is out of its range, or data whose values are known on the host are not valid.
    """
    keep = keep or ("last" if validation is None else "best")
    check_data(data, validation)
    check_options(data, epochs, batch_size, validation, patience, keep)
    check_names(metrics or {})
    check_judged(data, validation, metrics or {})
    k_params, k_batches = jax.random.split(key)
    params = model.init(k_params, data.x[:1]) if params is None else params
    classes = classes_of(model, params, data, validation)
    check_classes(data, validation, classes)

    def objective(params: Params, batch: Data, loss: Loss) -> jax.Array:
        return jnp.mean(_losses(loss, model.apply(params, batch.x), batch))

    def update(loss: Loss, carry: tuple, batch: Data) -> tuple[tuple, History]:
        params, optimizer_state = carry
        value, gradient = jax.value_and_grad(objective)(params, batch, loss)
        updates, optimizer_state = optimizer.update(gradient, optimizer_state, params)
        record = {"loss": value, "gradient_norm": optax.tree.norm(gradient)}
        return (optax.apply_updates(params, updates), optimizer_state), record

    def one_epoch(state: _State, epoch: jax.Array) -> tuple[_State, History]:
        now = loss.at(epoch) if isinstance(loss, Scheduled) else loss
        carry = state.params, state.optimizer
        if batch_size is None:
            carry, record = update(now, carry, data)
        else:
            batches = _batches(jax.random.fold_in(k_batches, epoch), data, batch_size)
            carry, records = jax.lax.scan(functools.partial(update, now), carry, batches)
            record = jax.tree.map(jnp.mean, records)
        record |= _score(model, carry[0], data, validation, now, metrics or {})
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


def label(data: Data, model: Model, params: Params) -> Data:
    """Returns data with `teacher` filled: the model's logits [N, C], or all that it returns, computed once.

    Args:
        data: Examples to label; an earlier teacher is replaced.
        model: The teacher.
        params: The teacher's parameters.
    """
    return data._replace(teacher=jax.lax.stop_gradient(model.apply(params, data.x)))


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
    params: Params,
    data: Data,
    validation: Data | None,
    loss: Loss,
    metrics: Mapping[str, Metric],
) -> History:
    if validation is None and not metrics:
        return {}
    judged = data if validation is None else validation
    out = model.apply(params, judged.x)
    record = {name: metric(logits_of(out), judged.labels) for name, metric in metrics.items()}
    if validation is not None:
        record["val_loss"] = jnp.mean(_losses(loss, out, judged))
    return record


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
