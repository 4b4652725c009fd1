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
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.circuits import hea, universal
from jaxqkd.models import MLP, Linear, QuantumStudent
from jaxqkd.quantum.encodings import angle
from jaxqkd.studies.study import Study
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


class SeedData(NamedTuple):
    """What a seed is taught with, at each level of label noise (leading axis).

    Attributes:
        train: 200 examples with the teacher's logits; the smaller training sets are its first 30 and 60.
        test: 1000 examples with clean labels.
        teacher_f1: The teacher's macro F1 on the test set.
    """

    train: Data
    test: Data
    teacher_f1: jax.Array


def seed_data(key: Key, *, epochs: int = EPOCHS) -> SeedData:
    """Returns a seed's data at each level of label noise, labeled by a teacher trained at the same level."""
    return jax.vmap(lambda rate: _seed_data_of(key, rate, epochs))(jnp.asarray(LABEL_NOISE))


def run(name: str, *, train_size: int, epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on `train_size` examples, as a function of a seed's key and data.

    Returns:
        A function `((key, seed_data), hparams) -> dict` with hparams `label_noise`, one of `LABEL_NOISE`,
        `temperature` and `alpha`; it returns the test set's `f1_macro` and `accuracy`, what always answering its
        commonest class would score, the teacher's `teacher_f1`, and `diverged`.
    """
    checks.one_of("student", name, tuple(STUDENTS))
    model = STUDENTS[name]

    def seed(drawn: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, seed_data = drawn
        level = jnp.argmin(jnp.abs(jnp.asarray(LABEL_NOISE) - hparams["label_noise"]))
        taught = jax.tree.map(lambda leaf: leaf[level], seed_data)
        train = jax.tree.map(lambda leaf: leaf[:train_size], taught.train)
        loss = losses.kd(hparams["temperature"], hparams["alpha"])
        out = fit(jax.random.fold_in(key, 1), model, train, loss, optax.adam(STUDENT_RATE), epochs=epochs)
        scores = model.apply(out.params, taught.test.x)
        labels = taught.test.labels
        return {
            "f1_macro": metrics.f1(scores, labels, classes=CLASSES),
            "accuracy": metrics.accuracy(scores, labels),
            "majority_f1_macro": metrics.f1(metrics.majority(labels, classes=CLASSES), labels, classes=CLASSES),
            "teacher_f1": taught.teacher_f1,
            "diverged": out.history["diverged"],
        }

    return seed


def study(
    *,
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    students: Sequence[str] = tuple(STUDENTS),
    base: int = 0,
) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`.

    Args:
        seeds: Number of seeds.
        epochs: Epochs of each training.
        students: Names out of `STUDENTS`.
        base: Another number draws other data and initializations for all seeds.
    """
    checks.integer("epochs", epochs)
    for name in students:
        checks.one_of("students", name, tuple(STUDENTS))
    return Study(
        "payoff",
        seed_data,
        run,
        students=students,
        settings={
            "train_size": TRAIN_SIZES,
            "label_noise": LABEL_NOISE,
            "temperature": TEMPERATURES,
            "alpha": ALPHAS,
        },
        seeds=seeds,
        options={"epochs": epochs},
        base=base,
    )


def _seed_data_of(key: Key, rate: jax.Array, epochs: int) -> SeedData:
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
    return SeedData(label(train, TEACHER, params), test, f1)
