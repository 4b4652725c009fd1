"""The study as it runs: what a seed is taught with, what a student learns, and the whole as a study."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, controls, data, losses, metrics
from jaxqkd.experiments.bounded_logits.setup import (
    CASES,
    DATASETS,
    LABELS,
    METHODS,
    NOISE,
    STUDENTS,
    student,
    teacher,
)
from jaxqkd.studies.study import Study
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Key, Loss, Run

EPOCHS, SEEDS = 200, 64
STUDENT_RATE, TEACHER_RATE, TEACHER_PATIENCE = 0.03, 0.01, 50


class SeedData(NamedTuple):
    """What a seed is taught with on one data set.

    Attributes:
        train: 30 rows with the teacher's logits.
        test: Test rows, with true labels.
        teacher_f1: The teacher's macro F1 on the test rows.
    """

    train: Data
    test: Data
    teacher_f1: jax.Array


def seed_data(
    key: Key, rows: dict[str, Data], *, datasets: Sequence[str], epochs: int = EPOCHS
) -> dict[str, SeedData]:
    """Returns a seed's data of each data set, from `rows` or, for the XOR, a draw of its own."""
    return {name: _seed_data_of(key, rows, name, epochs) for name in datasets}


def run(name: str, *, dataset: str, cases: Sequence[str], epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on one data set.

    Returns:
        A function `((key, seed_data), hparams) -> dict` with `case`, an index of the cases, in hparams; it returns
        the test rows' `f1_macro` and `accuracy`, what always answering their commonest class would score, the
        teacher's `teacher_f1`, and `diverged`.
    """
    model, classes = student(name, dataset), DATASETS[dataset].classes

    def seed(drawn: tuple[Key, dict[str, SeedData]], hparams: Any) -> dict[str, jax.Array]:
        key, seed_data = drawn
        train, test, teacher_f1 = seed_data[dataset]
        loss = _chosen(jnp.asarray(hparams["case"], int), cases, _smoothing(train.teacher))
        out = fit(jax.random.fold_in(key, 1), model, train, loss, optax.adam(STUDENT_RATE), epochs=epochs)
        scores, commonest = model.apply(out.params, test.x), metrics.majority(test.labels, classes=classes)
        return {
            "f1_macro": metrics.f1(scores, test.labels, classes=classes),
            "accuracy": metrics.accuracy(scores, test.labels),
            "majority_f1_macro": metrics.f1(commonest, test.labels, classes=classes),
            "teacher_f1": teacher_f1,
            "diverged": out.history["diverged"],
        }

    return seed


def study(
    *,
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    students: Sequence[str] = STUDENTS,
    datasets: Sequence[str] = tuple(DATASETS),
    methods: Sequence[str] = tuple(METHODS),
    base: int = 0,
) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`.

    Args:
        seeds: Number of seeds.
        epochs: Epochs of each training.
        students: Names out of `STUDENTS`.
        datasets: Names out of `DATASETS`; wine and digits need the extra `data`.
        methods: Names out of `METHODS`; `none`, which all others are compared with, is always there.
        base: Another number draws other rows, teachers and initializations for all seeds.
    """
    checks.integer("epochs", epochs)
    for dataset in datasets:
        for name in students:
            student(name, dataset)
    for method in methods:
        checks.one_of("methods", method, tuple(METHODS))
    cases = [case for case, (method, _) in CASES.items() if method in ("none", *methods)]
    return Study(
        "methods",
        seed_data,
        run,
        students=students,
        settings={"dataset": datasets, "case": cases},
        seeds=seeds,
        options={"epochs": epochs, "datasets": datasets, "cases": cases},
        data={name: _rows(name) for name in datasets},
        base=base,
    )


def _rows(dataset: str) -> Data:
    """Returns the rows that ship; of the XOR, which each seed draws, one to stand for it."""
    if dataset == "xor":
        return data.xor_grid(jax.random.key(0), count=1)
    rows = data.wine() if dataset == "wine" else data.digits()
    known = rows.labels < DATASETS[dataset].classes
    return Data(rows.x[known], rows.labels[known])


def _seed_data_of(key: Key, rows: dict[str, Data], dataset: str, epochs: int) -> SeedData:
    """Returns a seed_data: the teacher has seen the student's rows and others of the same kind."""
    k_data, k_noise, k_split, k_held_out, k_fit = jax.random.split(jax.random.fold_in(key, 0), 5)
    task, model = DATASETS[dataset], teacher(dataset)
    drawn = rows[dataset]
    if dataset == "xor":
        drawn = data.xor_grid(k_data, count=task.teacher_rows + task.test_rows)
    order = jax.random.permutation(k_split, len(drawn.x))
    seen, test = (
        jax.tree.map(lambda leaf, part=part: leaf[part], drawn)
        for part in (order[: task.teacher_rows], order[task.teacher_rows :][: task.test_rows])
    )
    if dataset == "xor":
        seen = data.with_label_noise(k_noise, seen, rate=NOISE, classes=task.classes)
    if dataset == "wine":
        seen, test = data.standardize(seen, test)
    fitted, held_out = data.split(k_held_out, seen, (0.8, 0.2))
    adam = optax.adam(TEACHER_RATE)
    params = fit(
        k_fit, model, fitted, losses.hard(), adam, epochs=epochs, validation=held_out, patience=TEACHER_PATIENCE
    ).params
    f1 = metrics.f1(model.apply(params, test.x), test.labels, classes=task.classes)
    train = jax.tree.map(lambda leaf: leaf[:LABELS], seen)
    return SeedData(label(train, model, params), test, f1)


def _smoothing(logits: jax.Array) -> jax.Array:
    """Returns the smoothing under which a label has the teacher's average confidence."""
    classes = logits.shape[-1]
    return jnp.clip((1 - controls.confidence(logits)) * classes / (classes - 1), 0, 1)


def _chosen(case: jax.Array, cases: Sequence[str], smoothing: jax.Array) -> Loss:
    """Returns the loss of a traced case: every method's is computed, which costs less than a program for each."""
    names = sorted({CASES[name][0] for name in cases}, key=list(METHODS).index)
    method = jnp.asarray([names.index(CASES[name][0]) for name in cases])[case]
    temperature = jnp.asarray([CASES[name][1] for name in cases])[case]
    every = [METHODS[name](temperature, smoothing) for name in names]

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return jnp.stack([one(student, teacher, labels) for one in every])[method]

    return loss
