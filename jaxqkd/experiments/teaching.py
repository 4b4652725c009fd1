"""Teaching: what a seed's students share, labeled by a teacher that the experiments train alike."""

import functools
from typing import Any, NamedTuple

import jax
import optax

from jaxqkd import losses, metrics
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Key, Model, Params

LEARNING_RATE, PATIENCE = 0.01, 50
"""Adam's rate for the teachers; epochs without a lower validation loss after which their training stops."""


class SeedData(NamedTuple):
    """The data that all students of a seed share.

    Attributes:
        train: The students' training examples with the teacher's logits.
        validation: Validation examples with the teacher's logits, or None if the students have none.
        test: Test examples.
        teacher_f1: The teacher's macro F1 on the test examples.
    """

    train: Data
    validation: Data | None
    test: Data
    teacher_f1: jax.Array


def train_teacher(
    key: Key,
    model: Model,
    train: Data,
    validation: Data,
    *,
    epochs: int,
    patience: int = PATIENCE,
    learning_rate: Any = LEARNING_RATE,
    batch_size: int | None = None,
) -> Params:
    """Returns a teacher's parameters at the least validation loss of a training on the labels."""
    out = fit(
        key,
        model,
        train,
        losses.hard(),
        optax.adam(learning_rate),
        epochs=epochs,
        batch_size=batch_size,
        validation=validation,
        patience=patience,
    )
    return out.params


def labeled(
    teacher: Model, params: Params, *, train: Data, validation: Data | None = None, test: Data, classes: int
) -> SeedData:
    """Returns the students' data, labeled by a trained teacher, with its score on the test examples."""
    teacher_f1 = metrics.f1(teacher.apply(params, test.x), test.labels, classes=classes)
    held_out = None if validation is None else label(validation, teacher, params)
    return SeedData(label(train, teacher, params), held_out, test, teacher_f1)


def scores(logits: jax.Array, seed_data: SeedData, *, classes: int) -> dict[str, jax.Array]:
    """Returns a student's macro F1 and accuracy on the test examples, beside the scores that it is read against.

    Args:
        logits: The student's logits [N, C] of the test examples.
        seed_data: The seed's data.
        classes: The number of classes C.

    Returns:
        `f1_macro`, `accuracy`, `majority_f1_macro` of always answering the commonest class, and `teacher_f1`.
    """
    labels = seed_data.test.labels
    f1 = functools.partial(metrics.f1, labels=labels, classes=classes)
    return {
        "f1_macro": f1(logits),
        "accuracy": metrics.accuracy(logits, labels),
        "majority_f1_macro": f1(metrics.majority(labels, classes=classes)),
        "teacher_f1": seed_data.teacher_f1,
    }
