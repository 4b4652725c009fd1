"""Training: `fit`, the one loop for teachers and students alike, and `label`, which asks a teacher once."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxqkd import checks
from jaxqkd.losses import Scheduled
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
        key: Random key of the initialisation and of the order of mini-batches.
        model: Anything with flax linen's `init` and `apply`.
        data: Examples; a loss with a soft term needs `data.teacher`, see `label`.
        loss: Unreduced loss; its mean over the batch is minimised. A `jaxqkd.losses.scheduled` one changes with
            the epoch, and with it the validation loss, so that the best epoch is found among unlike ones.
        optimizer: An optax optimiser; its hyper-parameters may be traced.
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
    _check_data(data, validation)
    _check_options(data, epochs, batch_size, validation, patience, keep)
    _check_names(metrics or {})
    k_params, k_batches = jax.random.split(key)
    params = model.init(k_params, data.x[:1]) if params is None else params
    classes = _classes(model, params, data, validation)
    _check_classes(data, validation, classes)

    def objective(params: Params, batch: Data, loss: Loss) -> jax.Array:
        return jnp.mean(loss(model.apply(params, batch.x), batch.teacher, batch.labels))

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
    """Returns data with `teacher` filled: the model's logits [N, C], computed once.

    Args:
        data: Examples to label; an earlier teacher is replaced.
        model: The teacher.
        params: The teacher's parameters.
    """
    return data._replace(teacher=jax.lax.stop_gradient(model.apply(params, data.x)))


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
    scores = model.apply(params, judged.x)
    record = {name: metric(scores, judged.labels) for name, metric in metrics.items()}
    if validation is not None:
        record["val_loss"] = jnp.mean(loss(scores, judged.teacher, judged.labels))
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


def _check_options(
    data: Data,
    epochs: int,
    batch_size: int | None,
    validation: Data | None,
    patience: int | None,
    keep: str,
) -> None:
    checks.integer("epochs", epochs)
    checks.one_of("keep", keep, ("best", "last"))
    cure = "Pass validation=..., a part of jaxqkd.data.split."
    if keep == "best":
        checks.require(validation is not None, "keep", 'be "last" without validation data', '"best"', cure)
    if patience is not None:
        checks.integer("patience", patience)
        checks.require(validation is not None, "patience", "be None without validation data", patience, cure)
    if batch_size is not None:
        checks.integer("batch_size", batch_size)
        must = f"be at most the {len(data.x)} examples of `data`"
        checks.require(batch_size <= len(data.x), "batch_size", must, batch_size)


def _check_names(metrics: Mapping[str, Metric]) -> None:
    taken = ("loss", "gradient_norm", "val_loss", "epochs", "best_epoch", "diverged", "diverged_epoch")
    for name in metrics:
        checks.require(name not in taken, "metrics", "not use a name of the history", repr(name), "Rename it.")


def _parts(data: Data, validation: Data | None) -> dict[str, Data]:
    return {"data": data} if validation is None else {"data": data, "validation": validation}


def _check_data(data: Data, validation: Data | None) -> None:
    """Refuses what is known to be wrong before the model has been asked for its classes."""
    for name, part in _parts(data, validation).items():
        checks.numbers(f"{name}.x", part.x)
        checks.numbers(f"{name}.labels", part.labels)
        whole = jax.dtypes.issubdtype(part.labels.dtype, np.integer)
        found = f"of dtype {part.labels.dtype}"
        checks.require(whole, f"{name}.labels", "be integers", found, "See jaxqkd.data.from_arrays.")
        checks.rank(f"{name}.x", part.x, 2, "[N, features]")
        checks.rank(f"{name}.labels", part.labels, 1, "[N]")
        rows, features = part.x.shape
        checks.require(rows > 0, f"{name}.x", "hold at least one example", f"of shape {part.x.shape}")
        found = f"{len(part.labels)} for {rows} rows of `{name}.x`"
        checks.require(len(part.labels) == rows, f"{name}.labels", "be as many as the rows", found)
        must = f"have the {data.x.shape[1]} features of `data`"
        checks.require(features == data.x.shape[1], f"{name}.x", must, f"of {features} features")
        checks.finite_rows(f"{name}.x", part.x)


def _classes(model: Model, params: Params, data: Data, validation: Data | None) -> int:
    """Returns the model's number of classes; shows it all data, of which an encoding may refuse a row."""
    shapes = [
        jax.eval_shape(lambda params, x=part.x: model.apply(params, x), params)
        for part in _parts(data, validation).values()
    ]
    return shapes[0].shape[-1]


def _check_classes(data: Data, validation: Data | None, classes: int) -> None:
    for name, part in _parts(data, validation).items():
        checks.labels(f"{name}.labels", part.labels, classes=classes)
        if part.teacher is not None:
            shape = (len(part.x), classes)
            must = f"have the shape {shape} of the student's logits"
            checks.require(part.teacher.shape == shape, f"{name}.teacher", must, part.teacher.shape)
            checks.finite_rows(f"{name}.teacher", part.teacher)
