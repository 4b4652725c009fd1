"""Checks of a training's arguments: everything that is known on the host, before anything is traced."""

from collections.abc import Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.errors import FlaxError

from jaxqkd import checks
from jaxqkd.losses import Scheduled
from jaxqkd.models.streams import apply
from jaxqkd.types import Data, Fit, Key, Loss, Metric, Model, Params


def logits_of(out: Any) -> jax.Array:
    """Returns the logits [B, C] of what a model returns: those, or a dict of `logits` and taps."""
    return out["logits"] if isinstance(out, dict) else out


def check_arguments(
    key: Key, model: Model, data: Data, loss: Any, optimizer: Any, metrics: Mapping[str, Metric], params: Params
) -> None:
    """Refuses arguments of another kind than asked for."""
    typed = hasattr(key, "dtype") and (jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key) or key.shape == (2,))
    checks.require(typed, "key", "be a random key", _kind(key), "Write jax.random.key(0).")
    _check_model(model)
    cure = "Write jaxqkd.Data(x, labels), or use jaxqkd.data.from_arrays."
    checks.require(isinstance(data, Data), "data", "be a jaxqkd.Data", _kind(data), cure)
    _check_loss_is_made(loss)
    made = hasattr(optimizer, "init") and hasattr(optimizer, "update")
    cure = "Write optax.adam(0.03), with its learning rate."
    checks.require(made, "optimizer", "be an optax optimizer", _kind(optimizer), cure)
    named = isinstance(metrics, Mapping) and all(map(callable, metrics.values()))
    cure = 'Write metrics={"accuracy": jaxqkd.metrics.accuracy}.'
    checks.require(named, "metrics", "be functions by name", _kind(metrics), cure)
    if params is not None:
        check_params(params)


def check_params(params: Params) -> None:
    """Refuses a whole `Fit` in place of its parameters, and parameters that are not finite."""
    is_fit = isinstance(params, Fit)
    checks.require(not is_fit, "params", "be parameters", "what `fit` returned", "Pass its .params.")
    leaves = [leaf for leaf in jax.tree.leaves(params) if not checks.is_traced(leaf)]
    finite = all(np.all(np.isfinite(np.asarray(leaf))) for leaf in leaves)
    checks.require(finite, "params", "be finite", "with NaN or infinity")


def _check_model(model: Model) -> None:
    made = hasattr(model, "init") and hasattr(model, "apply") and not isinstance(model, type)
    cure = "Give a model of jaxqkd.models, or a flax linen module, with its arguments."
    checks.require(made, "model", "be a model with `init` and `apply`", _kind(model), cure)


def _check_loss_is_made(loss: Any) -> None:
    """Refuses what is no loss, such as a factory of losses that was not called, or a loss of optax."""
    if isinstance(loss, Scheduled):
        return
    must, cure = "be a function (student, teacher, labels)", "Call the factory, as in jaxqkd.losses.kd(2.0, 0.5)."
    checks.require(callable(loss), "loss", must, _kind(loss), cure)
    module, name = getattr(loss, "__module__", None) or "", getattr(loss, "__qualname__", "")
    is_factory = module.startswith("jaxqkd.losses") and "<locals>" not in name
    checks.require(not is_factory, "loss", must, f"the factory {name}", cure)
    cure = "Wrap it: def loss(student, teacher, labels): return optax.losses....(student, labels)."
    checks.require(not module.startswith("optax"), "loss", must, f"optax's {name}", cure)


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"


def check_loss(loss: Loss, out: Any, data: Data) -> None:
    """Refuses a loss that does not return one number an example, given the shapes that the model returns."""
    rows = len(logits_of(out))
    few = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((rows, *leaf.shape[1:]), leaf.dtype), data)
    values = jax.eval_shape(lambda out, rows: losses_of(loss, out, rows), out, few)
    shape = getattr(values, "shape", None)
    cure = "Leave out the mean over the examples, and take the one over the classes: `fit` averages the examples."
    checks.require(shape == (rows,), "loss", f"return one number for each of {rows} examples", f"of {shape}", cure)


def losses_of(loss: Loss, out: Any, data: Data) -> jax.Array:
    """Returns the losses [B] of what a model returned; refuses a loss that does not say which array it takes."""
    try:
        return loss(out, data.teacher, data.labels)
    except (AttributeError, TypeError) as error:
        if isinstance(out, dict):
            cure = 'Write jaxqkd.losses.on("logits", loss).'
            raise ValueError(f"Argument `loss` must say which of {', '.join(out)} it takes. {cure}") from error
        must, cure = "be a function of logits, a teacher's logits and labels", "See jaxqkd.losses."
        reason = str(error).partition("\n")[0].rstrip(".")
        raise checks.error("loss", must, f"one that fails on them: {reason}", cure) from error


def check_options(
    data: Data,
    epochs: int,
    batch_size: int | None,
    validation: Data | None,
    patience: int | None,
    keep: str,
) -> None:
    """Refuses options out of range, and those that need validation data where there are none."""
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


def check_checkpoints(checkpoints: Sequence[int], epochs: int, patience: int | None) -> None:
    """Refuses numbers of epochs that a training does not reach, or may not reach."""
    if not checkpoints:
        return
    checks.names("checkpoints", checkpoints)
    for number in checkpoints:
        checks.integer("checkpoints", number)
        checks.require(number <= epochs, "checkpoints", f"be at most the {epochs} epochs", number)
    checks.require(patience is None, "patience", "be None with checkpoints", patience, "Leave one of them out.")


def check_names(metrics: Mapping[str, Metric]) -> None:
    """Refuses metrics named as something else in the history."""
    times = ("epochs", "best_epoch", "diverged", "diverged_epoch")
    taken = ("loss", "gradient_norm", "val_loss", *times, "executions", "shots_per_execution")
    for name in metrics:
        checks.require(name not in taken, "metrics", "not use a name of the history", repr(name), "Rename it.")


def check_judged(data: Data, validation: Data | None, metrics: Mapping[str, Metric]) -> None:
    """Refuses metrics on training data of which some have no label."""
    if not metrics or validation is not None or checks.is_traced(data.labels):
        return
    lacking = bool(np.any(np.asarray(data.labels) == -1))
    cure = "Pass validation=..., which they are then of."
    checks.require(
        not lacking, "metrics", "be None without validation data where labels are missing", "given", cure
    )


def _parts(data: Data, validation: Data | None) -> dict[str, Data]:
    return {"data": data} if validation is None else {"data": data, "validation": validation}


def check_data(data: Data, validation: Data | None) -> None:
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


def check_state(model: Model, params: Params) -> None:
    """Refuses a linen module with state, which an optimizer would train as if it were parameters."""
    if isinstance(model, nn.Module):
        state = sorted(set(params) - {"params"})
        cure = "Normalize by nn.LayerNorm, which has no state, or train that model yourself and call jaxqkd.label."
        checks.require(not state, "model", "have no state beside its parameters", f"one with {state}", cure)


def shapes_of(model: Model, params: Params, data: Data, validation: Data | None, rngs: Mapping[str, Key]) -> Any:
    """Returns the shapes of what the model returns; shows it all data, of which an encoding may refuse a row."""
    try:
        shapes = [
            jax.eval_shape(lambda params, x=part.x: apply(model, params, x, rngs), params)
            for part in _parts(data, validation).values()
        ]
    except FlaxError as error:
        reason = str(error).partition("\n")[0].partition(" (https")[0].rstrip(".")
        raise checks.error("params", "be those of the model and its features", f"others: {reason}") from error
    return shapes[0]


def check_classes(data: Data, validation: Data | None, classes: int) -> None:
    """Refuses labels that are not the model's classes, and a teacher that does not fit the data."""
    for name, part in _parts(data, validation).items():
        _check_labels(name, part, classes)
        if isinstance(part.teacher, dict):
            for tap, values in part.teacher.items():
                must, found = f"have a row for each of the {len(part.x)} examples", f"of shape {values.shape}"
                checks.require(len(values) == len(part.x), f"{name}.teacher[{tap!r}]", must, found)
        logits = part.teacher.get("logits") if isinstance(part.teacher, dict) else part.teacher
        if logits is not None:
            shape = (len(part.x), classes)
            must = f"have the shape {shape} of the student's logits"
            checks.require(logits.shape == shape, f"{name}.teacher", must, logits.shape)
            checks.finite_rows(f"{name}.teacher", logits)


def _check_labels(name: str, part: Data, classes: int) -> None:
    """Refuses labels out of range; -1, no label, is for training data that a teacher has labeled."""
    if checks.is_traced(part.labels):
        return
    labels, is_training = np.asarray(part.labels), name == "data"
    lacking = np.flatnonzero(labels == -1)
    taught = is_training and part.teacher is not None
    if len(lacking):
        cure = "Training data may lack labels where they have a teacher." if is_training else "Drop that row."
        checks.require(taught, f"{name}.labels", "have a label in each row", f"-1 at row {lacking[0]}", cure)
    checks.labels(f"{name}.labels", labels[labels != -1] if taught else labels, classes=classes)
