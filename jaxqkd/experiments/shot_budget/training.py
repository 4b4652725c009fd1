"""The training of the experiment: the data of a seed, the run of a student, and the study of all of them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, controls, data, losses, metrics
from jaxqkd.experiments import teaching
from jaxqkd.experiments.shot_budget.setup import (
    ALPHA,
    BATCH,
    CLASSES,
    EPOCHS,
    ESTIMATORS,
    FRACTIONS,
    LEARNING_RATE,
    NAME,
    REACHED,
    STUDENTS,
    TAUGHT,
    TEACHER,
    TEMPERATURE,
    VERSION,
    WINDOW,
    Options,
    executions,
    places,
    student,
)
from jaxqkd.quantum import simulators
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Data, Key, Run

TEACHER_EPOCHS = 300


class Taught(NamedTuple):
    """The data that all students of a seed share.

    Attributes:
        train: Training examples, whose teacher has a leading axis: the logits of each of `TAUGHT` but the first.
        test: Test examples.
        teacher_f1: The teacher's macro F1 on the test examples.
    """

    train: Data
    test: Data
    teacher_f1: jax.Array


def seed_data(key: Key, rows: Data) -> Taught:
    """Returns a seed's split of the rows, labeled by its teacher and by those that know less."""
    k_split, k_fit, k_shuffle = jax.random.split(jax.random.fold_in(key, 0), 3)
    train, validation, test = data.standardize(*data.split(k_split, rows, FRACTIONS))
    params = teaching.train_teacher(k_fit, TEACHER, train, validation, epochs=TEACHER_EPOCHS)
    own = teaching.labeled(TEACHER, params, train=train, test=test, classes=CLASSES)
    every = controls.teachers(k_shuffle, own.train)
    logits = jnp.stack([every[name].teacher for name in TAUGHT[1:]])
    return Taught(own.train._replace(teacher=logits), own.test, own.teacher_f1)


def run(name: str, *, estimator: str, epochs: int = EPOCHS) -> Run:
    """Returns the training of the student by one estimator of gradients.

    Returns:
        A function `((key, seed_data), hparams) -> dict`, with `taught`, an index of `TAUGHT`, in hparams. It
        returns `accuracy_at` [budgets], the mean over `WINDOW` epochs of the test accuracy from the student's own
        shots, NaN where a budget is not met; `cost`, log10 of the executions to `REACHED`, all of them where it
        never is; `reached`, 0 or 1; `f1_macro` and `accuracy` of the last parameters, read exactly; and what these
        are compared with.
    """
    model, how = student(name, estimator), ESTIMATORS[estimator].estimator

    def one(seed: tuple[Key, Taught], hparams: Any) -> dict[str, jax.Array]:
        key, own = seed
        which = jnp.asarray(hparams["taught"], int)
        train = own.train._replace(teacher=own.train.teacher[jnp.maximum(which - 1, 0)])
        out = fit(
            jax.random.fold_in(key, 1),
            model,
            train,
            losses.kd(TEMPERATURE, ALPHA * (which > 0)),
            optax.adam(LEARNING_RATE),
            epochs=epochs,
            batch_size=BATCH,
            validation=own.test._replace(teacher=jnp.zeros((len(own.test.x), CLASSES))),
            keep="last",  # so that the test rows choose nothing
            metrics={"accuracy": metrics.accuracy},
            gradient=how,
        )
        logits: Any = model.clone(simulator=simulators.exact()).apply(out.params, own.test.x)
        scores = teaching.scores(logits, teaching.SeedData(train, None, own.test, own.teacher_f1), classes=CLASSES)
        followed = progress(out.history["accuracy"], estimator, len(train.x))
        return scores | followed | {"diverged": out.history["diverged"]}

    return one


def progress(accuracy: jax.Array, estimator: str, examples: int) -> dict[str, jax.Array]:
    """Returns what accuracies [epochs] say about executions: `accuracy_at`, `cost` and `reached`; see `run`."""
    epochs = len(accuracy)
    sums = jnp.cumsum(jnp.concatenate([jnp.zeros(1, accuracy.dtype), accuracy]))
    starts = jnp.maximum(jnp.arange(1, epochs + 1) - WINDOW, 0)
    smooth = (sums[1:] - sums[starts]) / (jnp.arange(1, epochs + 1) - starts)
    last = places(estimator, examples, epochs)
    good = smooth >= REACHED - 1e-6  # rounding of the sums
    reached = jnp.any(good)
    first = jnp.where(reached, jnp.argmax(good), epochs - 1)
    return {
        "accuracy_at": jnp.where(last < 0, jnp.nan, smooth[jnp.maximum(last, 0)]),
        "cost": jnp.log10(executions(estimator, examples) * (first + 1.0)),
        "reached": reached.astype(accuracy.dtype),
    }


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    for estimator in options.estimators:
        student(STUDENTS[0], estimator)
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=STUDENTS,
        settings={"estimator": options.estimators, "taught": TAUGHT},
        seeds=options.seeds,
        options={"epochs": options.epochs},
        data=data.iris(),
        base=options.seed,
    )
