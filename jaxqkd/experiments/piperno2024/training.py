"""The seed study as it runs: what a seed is taught with, what a student learns, and the whole as a study."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.experiments.piperno2024.setup import (
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
from jaxqkd.studies.study import Study
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Key, Loss, Model, Params, Run


class SeedData(NamedTuple):
    """What a seed is taught with: its own data, labeled by its own teacher.

    Attributes:
        train: 800 examples with the teacher's logits.
        validation: 100 examples with the teacher's logits.
        test: 100 examples.
        scores: Scalars of the test set: the teacher's macro F1 `teacher_f1`, and the F1 of always answering
            the commonest class, `majority_f1_macro` and `majority_f1_weighted`.
    """

    train: Data
    validation: Data
    test: Data
    scores: dict[str, jax.Array]


class Trained(NamedTuple):
    """A student after its training.

    Attributes:
        model: The student, whose angles turn its gates by the reading's factor.
        params: The parameters that the reading scores.
        history: The history of `jaxqkd.fit`.
    """

    model: Model
    params: Params
    history: dict[str, jax.Array]


def seed_data(key: Key, *, epochs: int = EPOCHS, learning_rate: Any = TEACHER_LEARNING_RATE) -> SeedData:
    """Returns a seed's data and split, labeled by a teacher trained on them; all drawn from the key."""
    k_data, k_split, k_teacher, _ = jax.random.split(key, 4)
    drawn = data.xor_bits(k_data, count=EXAMPLES, bits=FEATURES)
    train, validation, test = data.split(k_split, drawn, FRACTIONS)
    adam = optax.adam(learning_rate)
    taught = fit(
        k_teacher, TEACHER, train, losses.hard(), adam, epochs=epochs, validation=validation, patience=PATIENCE
    )
    params = taught.params
    f1 = functools.partial(metrics.f1, labels=test.labels, classes=CLASSES)
    commonest = metrics.majority(test.labels, classes=CLASSES)
    scores = {
        "teacher_f1": f1(TEACHER.apply(params, test.x)),
        "majority_f1_macro": f1(commonest),
        "majority_f1_weighted": f1(commonest, average="weighted"),
    }
    return SeedData(label(train, TEACHER, params), label(validation, TEACHER, params), test, scores)


def run(name: str, *, readings: Sequence[str] = tuple(READINGS), epochs: int = EPOCHS) -> Run:
    """Returns the training of one student, as a function of a seed's key and data, and of two hyper-parameters.

    Without and with distillation, and in each reading, a seed starts from the same initialization.

    Args:
        name: One of `STUDENTS` or `MEASURED`.
        readings: Names out of `READINGS`.
        epochs: The largest number of epochs of a training.

    Returns:
        A function `((key, seed_data), hparams) -> dict`. Its hparams are `reading`, an index of the readings, and
        `distilled`, 0 or 1; it returns the test set's `f1_macro`, `f1_weighted` and `accuracy`, the
        scores of the seed's data, and the history of `jaxqkd.fit`.
    """
    for reading in readings:
        checks.one_of("readings", reading, tuple(READINGS))
    checks.integer("epochs", epochs)
    train = trainer(name, readings=readings, epochs=epochs)

    def seed(drawn: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, taught = drawn
        read, params, history = train(key, taught, hparams)
        return _scores(read.apply(params, taught.test.x), taught.test.labels) | taught.scores | history

    return seed


def trainer(name: str, *, readings: Sequence[str], epochs: int) -> Callable[[Key, SeedData, Any], Trained]:
    """Returns the training behind `run`: a function `(key, seed_data, hparams) -> Trained`."""
    model, adam = student(name), optax.adam(LEARNING_RATE)
    choices = [READINGS[reading] for reading in readings]

    def train(key: Key, taught: SeedData, hparams: Any) -> Trained:
        *_, k_student = jax.random.split(key, 4)

        def chosen(values: list) -> jax.Array:
            return jnp.asarray(values)[jnp.asarray(hparams["reading"], int)]

        read = _Turned(model, chosen([choice.scale for choice in choices]))
        on_probabilities = chosen([choice.on == "probabilities" for choice in choices])
        summed = chosen([choice.kl == "sum" for choice in choices])
        loss = _loss(on_probabilities, summed, hparams["distilled"])
        held_out = taught.validation
        out = fit(k_student, read, taught.train, loss, adam, epochs=epochs, validation=held_out, patience=PATIENCE)
        keeps_best = chosen([choice.keep == "best" for choice in choices])
        params = jax.tree.map(lambda best, last: jnp.where(keeps_best, best, last), out.params, out.last)
        return Trained(read, params, out.history)

    return train


class _Turned(NamedTuple):
    """A model whose angles turn its gates by a traced factor of their value; other models stay as they are."""

    model: Model
    scale: jax.Array

    def init(self, key: Key, x: jax.Array, /) -> Params:
        return self.model.init(key, x)

    def apply(self, params: Params, x: jax.Array, /) -> Any:
        def turned(path: tuple, leaf: jax.Array) -> jax.Array:
            return self.scale * leaf if getattr(path[-1], "key", None) == "theta" else leaf

        return self.model.apply(jax.tree.map_with_path(turned, params), x)


def _loss(on_probabilities: jax.Array, summed: jax.Array, weight: jax.Array) -> Loss:
    """Returns `jaxqkd.losses.ce_plus_kl` with its choices traced."""
    hard, soft = losses.hard(), losses.soft()

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        outputs = jnp.where(on_probabilities, jax.nn.softmax(student), student)
        factor = weight * jnp.where(summed, len(student), 1)
        return hard(outputs, teacher, labels) + factor * soft(student, teacher, labels)

    return loss


def _scores(scores: jax.Array, labels: jax.Array) -> dict[str, jax.Array]:
    return {
        "f1_macro": metrics.f1(scores, labels, classes=CLASSES),
        "f1_weighted": metrics.f1(scores, labels, classes=CLASSES, average="weighted"),
        "accuracy": metrics.accuracy(scores, labels),
    }


def study(
    *,
    seeds: int,
    epochs: int = EPOCHS,
    students: Sequence[str] = STUDENTS,
    readings: Sequence[str] = tuple(READINGS),
    base: int = 0,
) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`.

    Args:
        seeds: Number of seeds.
        epochs: The largest number of epochs of a training.
        students: Names out of `STUDENTS` and `MEASURED`.
        readings: Names out of `READINGS`.
        base: Another number draws other data and initializations for all seeds.
    """
    check_teacher()
    checks.integer("epochs", epochs)
    for name in students:
        student(name)
    for reading in readings:
        checks.one_of("readings", reading, tuple(READINGS))
    return Study(
        "reproduce",
        seed_data,
        run,
        students=students,
        settings={"reading": readings, "distilled": (0, 1)},
        seeds=seeds,
        options={"epochs": epochs, "readings": readings},
        score="f1_weighted",
        base=base,
    )
