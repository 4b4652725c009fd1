"""The training of the experiment: the data of a seed, the run of a student, and the study of all of them."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, controls, data
from jaxqkd.experiments import teaching
from jaxqkd.experiments.bounded_logits.setup import (
    CASES,
    DATASETS,
    EPOCHS,
    LABELS,
    LEARNING_RATE,
    METHODS,
    NAME,
    NOISE,
    VERSION,
    Options,
    student,
    teacher,
)
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Data, Key, Loss, Run


def seed_data(
    key: Key, rows: dict[str, Data], *, datasets: Sequence[str], epochs: int = EPOCHS
) -> dict[str, SeedData]:
    """Returns a seed's data of each data set, from `rows` or, for the XOR, a draw of its own."""
    return {name: _seed_data_of(key, rows, name, epochs) for name in datasets}


def run(name: str, *, dataset: str, cases: Sequence[str], epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on one data set.

    Returns:
        A function `((key, seed_data), hparams) -> dict` with `case`, an index of the cases, in hparams; it returns
        `teaching.scores` and `diverged`.
    """
    model, classes = student(name, dataset), DATASETS[dataset].classes

    def one(seed: tuple[Key, dict[str, SeedData]], hparams: Any) -> dict[str, jax.Array]:
        key, own = seed[0], seed[1][dataset]
        loss = _chosen(jnp.asarray(hparams["case"], int), cases, _smoothing(own.train.teacher))
        out = fit(jax.random.fold_in(key, 1), model, own.train, loss, optax.adam(LEARNING_RATE), epochs=epochs)
        logits = model.apply(out.params, own.test.x)
        return teaching.scores(logits, own, classes=classes) | {"diverged": out.history["diverged"]}

    return one


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    for dataset in options.datasets:
        for name in options.students:
            student(name, dataset)
    for method in options.methods:
        checks.one_of("methods", method, tuple(METHODS))
    cases = [case for case, (method, _) in CASES.items() if method in ("none", *options.methods)]
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=options.students,
        settings={"dataset": options.datasets, "case": cases},
        seeds=options.seeds,
        options={"epochs": options.epochs, "datasets": options.datasets, "cases": cases},
        data={name: _rows(name) for name in options.datasets},
        base=options.seed,
    )


def _rows(dataset: str) -> Data:
    """Returns the rows of a data set that ships; for the XOR, which each seed draws, a placeholder of one row."""
    if dataset == "xor":
        return data.xor_grid(jax.random.key(0), count=1)
    rows = data.wine() if dataset == "wine" else data.digits()
    known = rows.labels < DATASETS[dataset].classes
    return Data(rows.x[known], rows.labels[known])


def _seed_data_of(key: Key, rows: dict[str, Data], dataset: str, epochs: int) -> SeedData:
    """Returns a seed's data of one data set; its teacher is fitted on the student's rows and on others."""
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
    params = teaching.train_teacher(k_fit, model, fitted, held_out, epochs=epochs)
    train = jax.tree.map(lambda leaf: leaf[:LABELS], seen)
    return teaching.labeled(model, params, train=train, test=test, classes=task.classes)


def _smoothing(logits: jax.Array) -> jax.Array:
    """Returns the smoothing under which a label has the teacher's average confidence."""
    classes = logits.shape[-1]
    return jnp.clip((1 - controls.confidence(logits)) * classes / (classes - 1), 0, 1)


def _chosen(case: jax.Array, cases: Sequence[str], smoothing: jax.Array) -> Loss:
    """Returns the loss of a traced case. All losses are computed, which costs less than a program for each."""
    names = sorted({CASES[name][0] for name in cases}, key=list(METHODS).index)
    method = jnp.asarray([names.index(CASES[name][0]) for name in cases])[case]
    temperature = jnp.asarray([CASES[name][1] for name in cases])[case]
    every = [METHODS[name](temperature, smoothing) for name in names]

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return jnp.stack([one(student, teacher, labels) for one in every])[method]

    return loss
