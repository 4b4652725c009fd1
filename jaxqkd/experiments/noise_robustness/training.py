"""The study as it runs: what a seed is taught with, what a student learns, how it is judged, and the whole."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.experiments.noise_robustness.setup import (
    ALPHA,
    DATASETS,
    SHOTS,
    STRENGTHS,
    STUDENTS,
    TEACHER,
    TEMPERATURE,
    TRAINED,
    noise,
    student,
)
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import simulators
from jaxqkd.studies.study import Study
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Key, Params, Run

EPOCHS, SEEDS, EXAMPLES = 300, 32, 1000
TEACHER_RATE, STUDENT_RATE, PATIENCE = 0.01, 0.1, 50  # as in the seed study


class SeedData(NamedTuple):
    """What a seed is taught with on one data set, labeled by a teacher that has met no noise.

    Attributes:
        train: Training rows with the teacher's logits.
        validation: Validation rows with the teacher's logits.
        test: Test rows.
        teacher_f1: The teacher's macro F1 on the test rows.
    """

    train: Data
    validation: Data
    test: Data
    teacher_f1: jax.Array


def seed_data(key: Key, wine: Data, *, datasets: Sequence[str], epochs: int = EPOCHS) -> dict[str, SeedData]:
    """Returns a seed's data of each data set; every seed has its own split, and its own draw of the XOR."""
    k_data, k_lesson = jax.random.split(jax.random.fold_in(key, 0))
    drawn = {"xor": data.xor_bits(k_data, count=EXAMPLES), "wine": wine}
    return {name: _seed_data_of(k_lesson, drawn[name], name, epochs) for name in datasets}


def run(name: str, *, dataset: str, epochs: int = EPOCHS) -> Run:
    """Returns the training and the judgement of one student on one data set.

    Returns:
        A function `((key, seed_data), hparams) -> dict`. Its hparams are `trained`, the strength of the noise in
        training, and `distilled`, 0 or 1. It returns `f1_at` [strengths, shots], macro F1 on the test rows;
        `f1_macro`, the one without noise and shots; what always answering the commonest class would score; the
        teacher's `teacher_f1`; and `diverged`.
    """
    model, classes = student(name, dataset), DATASETS[dataset].classes

    def seed(drawn: tuple[Key, dict[str, SeedData]], hparams: Any) -> dict[str, jax.Array]:
        key, seed_data = drawn
        train, validation, test, teacher_f1 = seed_data[dataset]
        k_student, k_shots = jax.random.split(jax.random.fold_in(key, 1))
        loss = losses.kd(TEMPERATURE, ALPHA * hparams["distilled"])
        noisy = model.clone(noise=noise(hparams["trained"]))
        out = fit(k_student, noisy, train, loss, optax.adam(STUDENT_RATE), epochs=epochs, validation=validation)
        f1_at = judged(k_shots, model, out.params, test)
        commonest = metrics.majority(test.labels, classes=classes)
        return {
            "f1_at": f1_at,
            "f1_macro": f1_at[0, 0],
            "majority_f1_macro": metrics.f1(commonest, test.labels, classes=classes),
            "teacher_f1": teacher_f1,
            "diverged": out.history["diverged"],
        }

    return seed


def judged(key: Key, model: QuantumStudent, params: Params, test: Data) -> jax.Array:
    """Returns macro F1 on test rows at each strength and number of shots, [strengths, shots].

    All strengths share their draws, so that they differ by the noise alone.
    """

    def at(strength: jax.Array) -> jax.Array:
        noisy = model.clone(noise=noise(strength))
        students = [
            noisy.clone(simulator=simulators.shots(shots) if shots else simulators.exact()) for shots in SHOTS
        ]
        keys = [{"shots": jax.random.fold_in(key, shots)} for shots in SHOTS]
        pairs = zip(students, keys, strict=True)
        outputs: list[Any] = [sampled.apply(params, test.x, rngs=rngs) for sampled, rngs in pairs]
        scores = [metrics.f1(logits, test.labels, classes=model.classes) for logits in outputs]
        return jnp.stack(scores)

    return jax.lax.map(at, jnp.asarray(STRENGTHS))


def study(
    *,
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    students: Sequence[str] = STUDENTS,
    datasets: Sequence[str] = tuple(DATASETS),
    base: int = 0,
) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`.

    Args:
        seeds: Number of seeds.
        epochs: Epochs of each training; the epoch with the least validation loss counts.
        students: Names out of `STUDENTS`.
        datasets: Names out of `DATASETS`; wine needs the extra `data`.
        base: Another number draws other data, splits and initializations for all seeds.
    """
    checks.integer("epochs", epochs)
    for dataset in datasets:
        for name in students:
            student(name, dataset)
    return Study(
        "noisy",
        seed_data,
        run,
        students=students,
        settings={"dataset": datasets, "trained": TRAINED, "distilled": (0, 1)},
        seeds=seeds,
        options={"epochs": epochs, "datasets": datasets},
        data=data.wine() if "wine" in datasets else data.xor_bits(jax.random.key(0), count=1),
        base=base,
    )


def _seed_data_of(key: Key, rows: Data, dataset: str, epochs: int) -> SeedData:
    k_split, k_fit = jax.random.split(key)
    train, validation, test = data.split(k_split, rows, DATASETS[dataset].fractions)
    if dataset == "wine":
        train, validation, test = data.standardize(train, validation, test)
    adam = optax.adam(TEACHER_RATE)
    params = fit(
        k_fit, TEACHER, train, losses.hard(), adam, epochs=epochs, validation=validation, patience=PATIENCE
    ).params
    f1 = metrics.f1(TEACHER.apply(params, test.x), test.labels, classes=DATASETS[dataset].classes)
    return SeedData(label(train, TEACHER, params), label(validation, TEACHER, params), test, f1)
