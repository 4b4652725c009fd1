"""The training loop, one scan over epochs, and the labeling of data by a teacher."""

import functools
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks
from jaxqkd.losses import Scheduled
from jaxqkd.models.streams import apply, streams_of
from jaxqkd.training.epoch import State, Training, first_state, one_epoch
from jaxqkd.training.estimators import Autodiff, Estimator, shots_per_execution
from jaxqkd.training.validation import (
    check_arguments,
    check_checkpoints,
    check_classes,
    check_data,
    check_judged,
    check_loss,
    check_names,
    check_options,
    check_params,
    check_state,
    logits_of,
    shapes_of,
)
from jaxqkd.types import Data, Fit, History, Key, Loss, Metric, Model, Params

AUTODIFF = Autodiff()
"""The default estimator of gradients."""


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
    checkpoints: Sequence[int] = (),
    gradient: Estimator = AUTODIFF,
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
        loss: Unreduced loss; its mean over the batch is minimized. A `jaxqkd.losses.Scheduled` one changes with
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
        checkpoints: Numbers of epochs, each in 1 ... epochs, after which the parameters are kept as well: one run
            then has the scores of several budgets. Not with patience.
        gradient: How an update gets its gradient: by automatic differentiation, or as a device would, by
            `jaxqkd.training.parameter_shift()` or `jaxqkd.training.spsa()`.

    Returns:
        Fit with the parameters, those at the stop, those at the checkpoints [len(checkpoints), ...] or None, and a
        history of arrays: `loss` and `gradient_norm` [epochs] (means over the epoch's updates; the norm is
        Euclidean, over all parameters), `val_loss` [epochs] and each metric [epochs] where asked for, NaN after a
        stop; scalars `epochs` (how many were run), `best_epoch` (from 0; -1 if no validation loss was finite),
        `diverged` (a loss or a parameter was not finite) and `diverged_epoch` (-1 where that never was). A
        diverged training with patience stops there. With another gradient than the default, `executions` [epochs],
        whole numbers of circuits executed in an epoch's updates for one example and one measured basis each, 0
        after a stop; and the scalar `shots_per_execution`, 0 where values are exact. Validation and metrics are
        not counted.

    Raises:
        ValueError: If an argument is out of its range, data whose values are known on the host are not valid, or
            the model has state other than parameters.
    """
    keep = keep or ("last" if validation is None else "best")
    metrics = {} if metrics is None else metrics
    check_arguments(key, model, data, loss, optimizer, metrics, params)
    check_data(data, validation)
    check_options(data, epochs, batch_size, validation, patience, keep)
    check_names(metrics)
    check_judged(data, validation, metrics)
    check_checkpoints(checkpoints, epochs, patience)
    k_params, k_batches = jax.random.split(key)
    params = model.init(k_params, data.x[:1]) if params is None else params
    check_state(model, params)
    known, cure = hasattr(gradient, "executions"), "Write jaxqkd.training.spsa(), with the parentheses."
    checks.require(known, "gradient", "be an estimator of gradients", repr(gradient), cure)
    executions = gradient.executions(model)
    streams = streams_of(model) if rngs is None else tuple(rngs)
    out = shapes_of(model, params, data, validation, dict.fromkeys(streams, key))
    check_classes(data, validation, logits_of(out).shape[-1])
    check_loss(loss.at(jnp.asarray(0)) if isinstance(loss, Scheduled) else loss, out, data)
    training = Training(
        key, k_batches, model, data, loss, optimizer, batch_size, validation, keep, metrics, streams, gradient
    )
    each = functools.partial(one_epoch, training)
    state, kept = first_state(params, optimizer), None
    if checkpoints:
        state, kept, history = _with_checkpoints(each, state, epochs, jnp.asarray(checkpoints))
        ran = jnp.asarray(epochs)
    elif patience is None:
        state, history = jax.lax.scan(each, state, jnp.arange(epochs))
        ran = jnp.asarray(epochs)
    else:
        state, history, ran = _until_stopped(each, state, epochs, patience)
    history |= {"epochs": ran, "diverged": state.diverged_epoch >= 0, "diverged_epoch": state.diverged_epoch}
    if validation is not None:
        history["best_epoch"] = state.best_epoch
    if executions is not None:
        history |= _counts(training, executions, jnp.arange(epochs) < ran)
    return Fit(state.best if keep == "best" else state.params, history, state.params, kept)


def label(data: Data, model: Model, params: Params, *, rngs: Mapping[str, Key] | None = None) -> Data:
    """Returns data with `teacher` filled: the model's logits [N, C], or all that it returns, computed once.

    Args:
        data: Examples to label; an earlier teacher is replaced.
        model: The teacher.
        params: The teacher's parameters.
        rngs: Random keys by stream, needed where the teacher is sampled, such as `{"shots": key}`.
    """
    check_params(params)
    return data._replace(teacher=jax.lax.stop_gradient(apply(model, params, data.x, rngs)))


def _with_checkpoints(
    one_epoch: Callable[[State, jax.Array], tuple[State, History]], state: State, epochs: int, at: jax.Array
) -> tuple[State, Params, History]:
    """Returns the final state, the parameters after the numbers of epochs `at` [k], and the history."""

    def each(carry: tuple[State, Params], epoch: jax.Array) -> tuple[tuple[State, Params], History]:
        state, record = one_epoch(carry[0], epoch)

        def keep(new: jax.Array, kept: jax.Array) -> jax.Array:
            return jnp.where((at == epoch + 1).reshape(-1, *[1] * new.ndim), new[None], kept)

        return (state, jax.tree.map(keep, state.params, carry[1])), record

    empty = jax.tree.map(lambda leaf: jnp.zeros((len(at), *leaf.shape), leaf.dtype), state.params)
    (state, kept), history = jax.lax.scan(each, (state, empty), jnp.arange(epochs))
    return state, kept, history


def _counts(training: Training, executions: int, ran: jax.Array) -> History:
    """Returns the executions [epochs] of an epoch's updates, for so many an example, and the shots of each."""
    count = len(training.data.x)
    updated = count if training.batch_size is None else count - count % training.batch_size
    shots = jnp.asarray(shots_per_execution(training.model))
    return {"executions": jnp.where(ran, executions * updated, 0), "shots_per_execution": shots}


def _until_stopped(
    one_epoch: Callable[[State, jax.Array], tuple[State, History]], state: State, epochs: int, patience: int
) -> tuple[State, History, jax.Array]:
    """Returns the state at the stop, the history padded with NaN, and the number of epochs that ran."""
    _, record = jax.eval_shape(one_epoch, state, jnp.asarray(0))
    history = jax.tree.map(
        lambda leaf: jnp.full((epochs, *leaf.shape), jnp.nan, jnp.result_type(leaf, float)), record
    )

    def goes_on(carry: tuple[jax.Array, State, History]) -> jax.Array:
        epoch, state, _ = carry
        waited = epoch - 1 - state.best_epoch
        return (epoch < epochs) & (waited < patience) & (state.diverged_epoch < 0)

    def body(carry: tuple[jax.Array, State, History]) -> tuple[jax.Array, State, History]:
        epoch, state, history = carry
        state, record = one_epoch(state, epoch)
        history = jax.tree.map(lambda past, now: past.at[epoch].set(now), history, record)
        return epoch + 1, state, history

    ran, state, history = jax.lax.while_loop(goes_on, body, (jnp.asarray(0), state, history))
    return state, history, ran
