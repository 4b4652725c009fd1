"""When does distillation pay? Few and noisy labels on the continuous three-class XOR.

The deterministic XOR of the seed study leaves a good teacher nothing to add: its soft labels are the labels. Here
the student has 30, 60 or 200 labels, clean or a fifth of them wrong, and the teacher has seen 2000 of the same
kind. Every student is trained for a fixed number of epochs at every temperature and alpha; nothing is selected, so
the gains over alpha = 0 may be tested as they stand.
"""

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
from jaxqkd.models import MLP, Linear, QuantumStudent
from jaxqkd.quantum.circuits import hea, universal
from jaxqkd.quantum.encodings import angle
from jaxqkd.studies.execution import Task, Timing, execute, seed_keys
from jaxqkd.studies.store import digest
from jaxqkd.sweeps import grid
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Key, Model, Run

CLASSES, QUBITS, LAYERS = 3, 4, 3
TRAIN_SIZES = (30, 60, 200)
LABEL_NOISE = (0.0, 0.2)
TEMPERATURES = (1.0, 2.0, 4.0)
ALPHAS = (0.0, 0.5, 0.9)
TEACHER_EXAMPLES, TEST_EXAMPLES = 2000, 1000
EPOCHS, SEEDS = 300, 32
STUDENT_RATE, TEACHER_RATE, TEACHER_PATIENCE = 0.03, 0.01, 50

TEACHER: Model = MLP(features=(32, 32), classes=CLASSES)
STUDENTS: dict[str, Model] = {
    "linear": Linear(classes=CLASSES),
    "mlp": MLP(features=(10,), classes=CLASSES),
    "hea": QuantumStudent(hea(qubits=QUBITS, layers=LAYERS), classes=CLASSES, encoding=angle, input_width=QUBITS),
    "universal": QuantumStudent(
        universal(qubits=QUBITS, layers=LAYERS), classes=CLASSES, encoding=angle, input_width=QUBITS
    ),
}


class Lesson(NamedTuple):
    """What a seed is taught with, at each level of label noise (leading axis).

    Attributes:
        train: 200 examples with the teacher's logits; the smaller training sets are its first 30 and 60.
        test: 1000 examples with clean labels.
        teacher_f1: The teacher's macro F1 on the test set.
    """

    train: Data
    test: Data
    teacher_f1: jax.Array


def lesson(key: Key, *, epochs: int = EPOCHS) -> Lesson:
    """Returns a seed's data at each level of label noise, labelled by a teacher trained at the same level."""
    return jax.vmap(lambda rate: _lesson(key, rate, epochs))(jnp.asarray(LABEL_NOISE))


def run(name: str, size: int, *, epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on `size` examples, as a function of a seed's key and lesson.

    Returns:
        A function `((key, lesson), hparams) -> dict` with hparams `temperature` and `alpha`; `f1_macro`,
        `accuracy` and `diverged` have an axis of the levels of label noise.
    """
    checks.one_of("student", name, tuple(STUDENTS))
    model = STUDENTS[name]

    def at_one_level(key: Key, hparams: Any, taught: Lesson) -> dict[str, jax.Array]:
        train = jax.tree.map(lambda leaf: leaf[:size], taught.train)
        loss = losses.kd(hparams["temperature"], hparams["alpha"])
        out = fit(key, model, train, loss, optax.adam(STUDENT_RATE), epochs=epochs)
        scores = model.apply(out.params, taught.test.x)
        return {
            "f1_macro": metrics.f1(scores, taught.test.labels, classes=CLASSES),
            "accuracy": metrics.accuracy(scores, taught.test.labels),
            "diverged": out.history["diverged"],
        }

    def seed(drawn: tuple[Key, Lesson], hparams: Any) -> dict[str, jax.Array]:
        key, taught = drawn
        return jax.vmap(functools.partial(at_one_level, jax.random.fold_in(key, 1), hparams))(taught)

    return seed


def payoff(
    *,
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    students: Sequence[str] = tuple(STUDENTS),
    base: int = 0,
    console: Console,
) -> tuple[xr.Dataset, Timing]:
    """Returns the study's results over student, train_size, label_noise, temperature, alpha and seed.

    Args:
        seeds: Number of seeds, numbered from 0.
        epochs: Epochs of each training.
        students: Names out of `STUDENTS`.
        base: Another number draws other data and initialisations for all seeds.
        console: Where the progress bar goes.
    """
    keys = seed_keys(base, seeds)
    teach = Task("teachers", lambda key, hparams: lesson(key, epochs=epochs), keys)
    (lessons,), taught = execute([teach], console)
    axes = grid(temperature=TEMPERATURES, alpha=ALPHAS)
    tasks = [
        Task(f"{name}, {size} examples", run(name, size, epochs=epochs), (keys, lessons), axes)
        for name in students
        for size in TRAIN_SIZES
    ]
    found, trained = execute(tasks, console)
    dimensions = ("student", "train_size", "temperature", "alpha", "seed", "label_noise")
    variables = {}
    for name in found[0]:
        stacked = np.stack([cell[name] for cell in found])
        variables[name] = (dimensions, stacked.reshape(len(students), len(TRAIN_SIZES), *stacked.shape[1:]))
    coordinates = {
        "student": list(students),
        "train_size": list(TRAIN_SIZES),
        "label_noise": list(LABEL_NOISE),
        "temperature": list(TEMPERATURES),
        "alpha": list(ALPHAS),
        "seed": np.arange(seeds),
    }
    results = xr.Dataset(
        variables,
        coords=coordinates,
        attrs={"data_sha256": digest([(part.x, part.labels) for part in lessons[:2]])},
    )
    results = results.assign(teacher_f1=(("seed", "label_noise"), lessons.teacher_f1))
    order = ("student", "train_size", "label_noise", "temperature", "alpha", "seed")
    return results.transpose(*order), taught.plus(trained)


def _lesson(key: Key, rate: jax.Array, epochs: int) -> Lesson:
    k_train, k_test, k_teacher_data, k_noise, k_teacher_noise, k_fit, k_split = jax.random.split(key, 7)
    draw = functools.partial(data.xor_grid, classes=CLASSES)
    noisy = functools.partial(data.with_label_noise, rate=rate, classes=CLASSES)
    train = noisy(k_noise, draw(k_train, count=max(TRAIN_SIZES)))
    seen = noisy(k_teacher_noise, draw(k_teacher_data, count=TEACHER_EXAMPLES))
    test = draw(k_test, count=TEST_EXAMPLES)
    fitted, held_out = data.split(k_split, seen, (0.8, 0.2))
    adam = optax.adam(TEACHER_RATE)
    params = fit(
        k_fit, TEACHER, fitted, losses.hard(), adam, epochs=epochs, validation=held_out, patience=TEACHER_PATIENCE
    ).params
    f1 = metrics.f1(TEACHER.apply(params, test.x), test.labels, classes=CLASSES)
    return Lesson(label(train, TEACHER, params), test, f1)
