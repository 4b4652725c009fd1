"""Tasks: what the students of a seed share at each task and level of label noise, labeled by every teacher."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import data, losses, metrics
from jaxqkd.experiments import teaching
from jaxqkd.experiments.mechanisms.setup import (
    CLASSES,
    LABEL_NOISE,
    OVERFITTED,
    SPREADS,
    TEACHER,
    TEACHER_EXAMPLES,
    TEST_EXAMPLES,
    TRANSFER,
    mixture,
)
from jaxqkd.training import fit
from jaxqkd.types import Data, Key

TEACHER_EPOCHS, OVERFITTED_EPOCHS, TEACHER_RATE = 300, 500, 0.03


class Level(NamedTuple):
    """What the students of a seed share at one task and level of label noise.

    Attributes:
        train: Training rows [N, ...] with noisy labels; the teacher is the one trained on other rows.
        clean: Their labels without noise [N].
        truth: Log probabilities [N, C] of the noisy labels: the posterior, or what a reference model makes of it.
        overfitted: Logits [sizes, N, C] of teachers that saw the first n rows and their labels alone.
        transfer: Rows without labels, labeled by the trained teacher.
        test: Test rows with clean labels.
        test_truth: Log probabilities [T, C] by which labels of the test rows would be drawn under the noise.
        teacher_f1: Macro F1 of the trained teacher on the test rows.
    """

    train: Data
    clean: jax.Array
    truth: jax.Array
    overfitted: jax.Array
    transfer: Data
    test: Data
    test_truth: jax.Array
    teacher_f1: jax.Array


class Drawn(NamedTuple):
    """Rows of a task before label noise: for students, their teacher, without labels, and for the test."""

    train: Data
    examples: Data
    transfer: Data
    test: Data


def seed_data(key: Key, tables: Sequence[Data] = (), *, tasks: Sequence[str], sizes: Sequence[int]) -> Level:
    """Returns a seed's data with leading axes [tasks, levels of noise]; tables are those of held-out tasks."""
    left = iter(tables)
    levels = [
        _levels(key, task, _drawn(key, task, max(sizes), None if task in SPREADS else next(left)), sizes)
        for task in tasks
    ]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *levels)


def f1(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Returns macro F1 over the classes that occur among the labels; NaN if a logit is not finite."""
    occurring = jnp.sum(jnp.bincount(labels, length=CLASSES) > 0)
    value = metrics.f1(logits, labels, classes=CLASSES) * CLASSES / occurring
    return jnp.where(jnp.isfinite(logits).all(), value, jnp.nan)


def _drawn(key: Key, task: str, count: int, table: Data | None) -> Drawn:
    """Returns the rows of a task; those of a table are drawn with replacement from three disjoint parts."""
    keys = dict(zip(Drawn._fields, jax.random.split(jax.random.fold_in(key, 1), 4), strict=True))
    counts = {"train": count, "examples": TEACHER_EXAMPLES, "transfer": TRANSFER, "test": TEST_EXAMPLES}
    if table is None:
        draw = {name: data.gaussian_mixture(keys[name], mixture(task), count=counts[name]) for name in keys}
        return Drawn(**draw)
    order = jax.random.permutation(keys["train"], len(table.x))
    rest = (len(table.x) - count) // 2
    parts = {"train": order[:count], "examples": order[count : count + rest], "test": order[count + rest :]}
    parts["transfer"] = parts["examples"]
    chosen = {
        name: parts[name] if name == "train" else jax.random.choice(keys[name], parts[name], (counts[name],))
        for name in Drawn._fields
    }
    return Drawn(**{name: jax.tree.map(lambda leaf, at=at: leaf[at], table) for name, at in chosen.items()})


def _levels(key: Key, task: str, drawn: Drawn, sizes: Sequence[int]) -> Level:
    """Returns a task at every level of label noise; its rows and the keys are the same at each."""
    k_noise, k_teacher_noise, k_split, k_fit, k_reference, k_overfit = jax.random.split(
        jax.random.fold_in(key, 2), 6
    )
    reference = None if task in SPREADS else _trained(k_reference, drawn.examples, k_split)

    def truth(x: jax.Array, rate: jax.Array) -> jax.Array:
        if task in SPREADS:
            return data.posterior(x, mixture(task), classes=CLASSES, rate=rate)
        return _noisy(TEACHER.apply(reference, x), rate, classes=_classes(task))

    def level(rate: jax.Array) -> Level:
        train = data.with_label_noise(k_noise, drawn.train, rate, classes=_classes(task))
        examples = data.with_label_noise(k_teacher_noise, drawn.examples, rate, classes=_classes(task))
        params = _trained(k_fit, examples, k_split)
        transfer = data.unlabeled(drawn.transfer.x)
        return Level(
            train._replace(teacher=TEACHER.apply(params, train.x)),
            drawn.train.labels,
            truth(train.x, rate),
            jnp.stack([_overfitted(k_overfit, train, count) for count in sizes]),
            transfer._replace(teacher=TEACHER.apply(params, transfer.x)),
            drawn.test,
            truth(drawn.test.x, rate),
            f1(TEACHER.apply(params, drawn.test.x), drawn.test.labels),
        )

    return jax.lax.map(level, jnp.asarray(LABEL_NOISE))


def _trained(key: Key, examples: Data, k_split: Key) -> jax.Array:
    """Returns the parameters of a teacher, stopped early on a fifth of its rows."""
    fitted, held_out = data.split(k_split, examples, (0.8, 0.2))
    return teaching.train_teacher(
        key, TEACHER, fitted, held_out, epochs=TEACHER_EPOCHS, learning_rate=TEACHER_RATE
    )


def _overfitted(key: Key, train: Data, count: int) -> jax.Array:
    """Returns logits [N, C] of a teacher that saw the first rows and their labels alone, without a stop."""
    seen = jax.tree.map(lambda leaf: leaf[:count], train)
    out = fit(key, OVERFITTED, seen, losses.hard(), optax.adam(TEACHER_RATE), epochs=OVERFITTED_EPOCHS)
    return OVERFITTED.apply(out.params, train.x)


def _noisy(logits: jax.Array, rate: jax.Array, *, classes: int) -> jax.Array:
    """Returns log probabilities of labels that are noisy at a rate, among the first classes."""
    clean = jax.nn.softmax(jnp.where(jnp.arange(CLASSES)[None] < classes, logits, -jnp.inf))
    mixed = (1 - rate) * clean + rate * (1 - clean) / (classes - 1)
    known = jnp.where(jnp.arange(CLASSES)[None] < classes, mixed, 0.0)
    return jax.nn.log_softmax(jnp.log(jnp.maximum(known, 1e-6)))


def _classes(task: str) -> int:
    return 2 if task == "breast_cancer" else CLASSES
