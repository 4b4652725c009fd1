"""The training of the seed study: the data of a seed, the run of a student, and the study of all of them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.experiments import teaching
from jaxqkd.experiments.piperno2024.setup import (
    CLASSES,
    EPOCHS,
    EXAMPLES,
    FEATURES,
    FRACTIONS,
    LEARNING_RATE,
    NAME,
    PATIENCE,
    READINGS,
    TEACHER,
    TEACHER_LEARNING_RATE,
    VERSION,
    Options,
    check_teacher,
    student,
)
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.models.parameters import map_angles
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Key, Loss, Model, Params, Run


class Trained(NamedTuple):
    """A student after its training.

    Attributes:
        params: The parameters that the reading scores, with angles as the gates have them.
        history: The history of `jaxqkd.fit`.
    """

    params: Params
    history: dict[str, jax.Array]


def seed_data(key: Key, *, epochs: int = EPOCHS, learning_rate: Any = TEACHER_LEARNING_RATE) -> SeedData:
    """Returns a seed's data and split, labeled by a teacher trained on them, from the key alone."""
    return teacher_and_data(key, epochs=epochs, learning_rate=learning_rate)[1]


def teacher_and_data(
    key: Key, *, epochs: int = EPOCHS, learning_rate: Any = TEACHER_LEARNING_RATE
) -> tuple[Params, SeedData]:
    """Returns the parameters of a seed's teacher, and what `seed_data` returns."""
    k_data, k_split, k_teacher, _ = jax.random.split(key, 4)
    examples = data.xor_bits(k_data, count=EXAMPLES, bits=FEATURES)
    train, validation, test = data.split(k_split, examples, FRACTIONS)
    params = teaching.train_teacher(
        k_teacher, TEACHER, train, validation, epochs=epochs, patience=PATIENCE, learning_rate=learning_rate
    )
    return params, teaching.labeled(
        TEACHER, params, train=train, validation=validation, test=test, classes=CLASSES
    )


def run(name: str, *, readings: Sequence[str] = tuple(READINGS), epochs: int = EPOCHS) -> Run:
    """Returns the training of one student, as a function of a seed's key and data, and of two hyper-parameters.

    Without and with distillation, and in each reading, a seed starts from the same initialization.

    Args:
        name: One of `STUDENTS` or `MEASURED`.
        readings: Names out of `READINGS`.
        epochs: The largest number of epochs of a training.

    Returns:
        A function `((key, seed_data), hparams) -> dict`. Its hparams are `reading`, an index of the readings, and
        `distilled`, 0 or 1; it returns the test set's `f1_macro`, `f1_weighted` and `accuracy`, those of the
        teacher and of always answering the commonest class, and the history of `jaxqkd.fit`.
    """
    _check_readings(readings)
    checks.integer("epochs", epochs)
    model, train = student(name), trainer(name, readings=readings, epochs=epochs)

    def one(seed: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, seed_data = seed
        params, history = train(key, seed_data, hparams)
        return scores(model.apply(params, seed_data.test.x), seed_data) | history

    return one


def trainer(
    name: str, *, readings: Sequence[str], epochs: int, batch_size: int | None = None
) -> Callable[[Key, SeedData, Any], Trained]:
    """Returns the training behind `run`: a function `(key, seed_data, hparams) -> Trained`.

    The reading is traced, so that one program trains in all readings. With mini-batches, hparams may hold an
    `order`, a number: each has its own order of batches from the same initialization.
    """
    model, adam = student(name), optax.adam(LEARNING_RATE)
    choices = [READINGS[reading] for reading in readings]

    def train(key: Key, seed_data: SeedData, hparams: Any) -> Trained:
        *_, k_student = jax.random.split(key, 4)

        def chosen(values: list) -> jax.Array:
            return jnp.asarray(values)[jnp.asarray(hparams["reading"], int)]

        scaled = _Scaled(model, chosen([choice.scale for choice in choices]))
        on_probabilities = chosen([choice.on == "probabilities" for choice in choices])
        is_sum = chosen([choice.kl == "sum" for choice in choices])
        loss = _loss(on_probabilities, is_sum, hparams["distilled"])
        start, k_fit = None, k_student
        if "order" in hparams:
            start = scaled.init(jax.random.split(k_student)[0], seed_data.train.x[:1])  # as `fit` draws it
            k_fit = jax.random.fold_in(k_student, hparams["order"])
        out = fit(
            k_fit,
            scaled,
            seed_data.train,
            loss,
            adam,
            epochs=epochs,
            batch_size=batch_size,
            validation=seed_data.validation,
            patience=PATIENCE,
            params=start,
        )
        keeps_best = chosen([choice.keep == "best" for choice in choices])
        params = jax.tree.map(lambda best, last: jnp.where(keeps_best, best, last), out.params, out.last)
        return Trained(scaled.rotations(params), out.history)

    return train


class _Scaled(NamedTuple):
    """A model whose gates rotate by a traced factor times the trained angles; a classical one is as it was."""

    model: Model
    scale: jax.Array

    def init(self, key: Key, x: jax.Array, /) -> Params:
        return self.model.init(key, x)

    def apply(self, params: Params, x: jax.Array, /) -> Any:
        return self.model.apply(self.rotations(params), x)

    def rotations(self, params: Params) -> Params:
        return map_angles(lambda leaf: self.scale * leaf, params)


def _loss(on_probabilities: jax.Array, is_sum: jax.Array, weight: jax.Array) -> Loss:
    """Returns the study's loss, cross-entropy + weight KL(teacher || student), with its readings traced.

    The cross-entropy is that of the logits, or of their softmax as if it were logits; the divergence is the mean
    over the examples of a batch, or their sum, which is the mean of their number times each.
    """
    hard, soft = losses.hard(), losses.soft()

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        outputs = jnp.where(on_probabilities, jax.nn.softmax(student), student)
        factor = weight * jnp.where(is_sum, len(student), 1)
        return hard(outputs, teacher, labels) + factor * soft(student, teacher, labels)

    return loss


def scores(logits: jax.Array, seed_data: SeedData) -> dict[str, jax.Array]:
    """Returns a student's scores on the test examples, and those that they are read against."""
    labels = seed_data.test.labels
    commonest = metrics.majority(labels, classes=CLASSES)
    return teaching.scores(logits, seed_data, classes=CLASSES) | {
        "f1_weighted": metrics.f1(logits, labels, classes=CLASSES, average="weighted"),
        "majority_f1_weighted": metrics.f1(commonest, labels, classes=CLASSES, average="weighted"),
    }


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    check_teacher()
    checks.integer("epochs", options.epochs)
    for name in options.students:
        student(name)
    _check_readings(options.readings)
    for name in options.save:
        checks.one_of("save", name, options.students)
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=options.students,
        settings={"reading": options.readings, "distilled": (0, 1)},
        seeds=options.seeds,
        options={"epochs": options.epochs, "readings": options.readings},
        score="f1_weighted",
        base=options.seed,
    )


def _check_readings(readings: Sequence[str]) -> None:
    for reading in readings:
        checks.one_of("readings", reading, tuple(READINGS))
