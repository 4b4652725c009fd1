"""The seed study as it runs: what a seed is taught with, what a student learns, and the whole as a dataset."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import xarray as xr
from rich.console import Console

from jaxqkd import checks, data, losses, metrics
from jaxqkd.models import count_parameters
from jaxqkd.papers.piperno2024.setup import (
    CLASSES,
    EPOCHS,
    EXAMPLES,
    FEATURES,
    FRACTIONS,
    LEARNING_RATE,
    PATIENCE,
    READINGS,
    STUDENTS,
    TEACHER,
    TEACHER_LEARNING_RATE,
    check_teacher,
    student,
)
from jaxqkd.studies.execution import Task, Timing, execute, seed_keys
from jaxqkd.studies.store import digest
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Key, Run


class Lesson(NamedTuple):
    """What a seed is taught with: its own data, labelled by its own teacher.

    Attributes:
        train: 800 examples with the teacher's logits.
        validation: 100 examples with the teacher's logits.
        test: 100 examples.
        teacher_f1: The teacher's macro F1 on the test set.
    """

    train: Data
    validation: Data
    test: Data
    teacher_f1: jax.Array


def lesson(key: Key, *, epochs: int = EPOCHS, learning_rate: Any = TEACHER_LEARNING_RATE) -> Lesson:
    """Returns a seed's data and split, labelled by a teacher trained on them; all drawn from the key."""
    k_data, k_split, k_teacher, _ = jax.random.split(key, 4)
    drawn = data.xor_bits(k_data, count=EXAMPLES, bits=FEATURES)
    train, validation, test = data.split(k_split, drawn, FRACTIONS)
    adam = optax.adam(learning_rate)
    taught = fit(
        k_teacher, TEACHER, train, losses.hard(), adam, epochs=epochs, validation=validation, patience=PATIENCE
    )
    params = taught.params
    f1 = metrics.f1(TEACHER.apply(params, test.x), test.labels, classes=CLASSES)
    return Lesson(label(train, TEACHER, params), label(validation, TEACHER, params), test, f1)


def run(name: str, reading: str, *, epochs: int = EPOCHS) -> Run:
    """Returns the study of one student in one reading, as a function of a seed's key and its lesson.

    The student is trained from one initialisation twice, without and with distillation.

    Args:
        name: One of `STUDENTS`.
        reading: One of `READINGS`.
        epochs: The largest number of epochs of a training.

    Returns:
        A function `((key, lesson), hparams) -> dict` that reads no hparams. Its arrays have a leading axis 2
        (without, with distillation): the test set's `f1_macro`, `f1_weighted` and `accuracy`, and the history
        of `jaxqkd.fit`.
    """
    checks.one_of("reading", reading, tuple(READINGS))
    checks.integer("epochs", epochs)
    choice = READINGS[reading]
    model = student(name, scale=choice.scale)
    adam = optax.adam(LEARNING_RATE)

    def seed(drawn: tuple[Key, Lesson], hparams: Any) -> dict[str, jax.Array]:
        key, (train, validation, test, _) = drawn
        *_, k_student = jax.random.split(key, 4)
        train_it = functools.partial(
            fit, epochs=epochs, validation=validation, patience=PATIENCE, keep=choice.keep
        )

        def distil(weight: jax.Array) -> dict[str, jax.Array]:
            loss = losses.ce_plus_kl(kl=choice.kl, on=choice.on, weight=weight)
            out = train_it(k_student, model, train, loss, adam)
            return _scores(model.apply(out.params, test.x), test.labels) | out.history

        return jax.vmap(distil)(jnp.asarray([0.0, 1.0]))

    return seed


def _scores(scores: jax.Array, labels: jax.Array) -> dict[str, jax.Array]:
    return {
        "f1_macro": metrics.f1(scores, labels, classes=CLASSES),
        "f1_weighted": metrics.f1(scores, labels, classes=CLASSES, average="weighted"),
        "accuracy": metrics.accuracy(scores, labels),
    }


def reproduce(
    *,
    seeds: int,
    epochs: int = EPOCHS,
    students: Sequence[str] = STUDENTS,
    readings: Sequence[str] = tuple(READINGS),
    base: int = 0,
    console: Console,
) -> tuple[xr.Dataset, Timing]:
    """Returns the study's results, and the time that it took.

    Args:
        seeds: Number of seeds, numbered from 0; the key of each comes from its own number and `base`.
        epochs: The largest number of epochs of a training.
        students: Names out of `STUDENTS`.
        readings: Names out of `READINGS`.
        base: Another number draws other data and initialisations for all seeds.
        console: Where the progress bar goes.

    Returns:
        A dataset over student, reading, distilled, seed and epoch, and the seconds of compilation and runs.
    """
    check_teacher()
    models = [student(name) for name in students]
    keys = seed_keys(base, seeds)
    teach = Task("teachers", lambda key, hparams: lesson(key, epochs=epochs), keys)
    (lessons,), taught = execute([teach], console)
    cells = [(name, reading) for name in students for reading in readings]
    # A run is two trainings already; few at a time wait less for the one that stops last.
    chunk = 2 if jax.default_backend() == "cpu" else None
    tasks = [
        Task(f"{name}, {reading}", run(name, reading, epochs=epochs), (keys, lessons), chunk=chunk)
        for name, reading in cells
    ]
    found, trained = execute(tasks, console)
    sizes = {"student": len(students), "reading": len(readings)}
    counts = [count_parameters(model, FEATURES) for model in models]
    results = xr.Dataset(
        _variables(found, sizes),
        coords={
            "student": list(students),
            "reading": list(readings),
            "distilled": [0, 1],
            "seed": np.arange(seeds),
            "epoch": np.arange(epochs),
        },
        attrs={"data_sha256": digest([(part.x, part.labels) for part in lessons[:3]])},
    )
    results = results.assign(
        teacher_f1=("seed", lessons.teacher_f1),
        classical=("student", [count.classical for count in counts]),
        quantum=("student", [count.quantum for count in counts]),
    )
    return results, taught.plus(trained)


def _variables(found: Sequence[dict[str, np.ndarray]], sizes: dict[str, int]) -> dict[str, tuple]:
    """Returns the results of all cells, each [seeds, 2, ...], by name over the dataset's dimensions."""
    variables = {}
    for name in found[0]:
        stacked = np.stack([np.swapaxes(cell[name], 0, 1) for cell in found])
        dimensions = (*sizes, "distilled", "seed", "epoch")[: len(sizes) + stacked.ndim - 1]
        variables[name] = (dimensions, stacked.reshape(*sizes.values(), *stacked.shape[1:]))
    return variables
