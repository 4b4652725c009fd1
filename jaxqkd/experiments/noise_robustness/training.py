"""The training of the experiment: the data of a seed, the run and the scores of a student, and the study."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.experiments import teaching
from jaxqkd.experiments.noise_robustness.setup import (
    ALPHA,
    DATASETS,
    EPOCHS,
    EXAMPLES,
    LEARNING_RATE,
    NAME,
    SHOTS,
    STRENGTHS,
    TEACHER,
    TEMPERATURE,
    TRAINED,
    VERSION,
    Options,
    noise,
    student,
)
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import simulators
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Data, Key, Params, Run


def seed_data(key: Key, wine: Data, *, datasets: Sequence[str], epochs: int = EPOCHS) -> dict[str, SeedData]:
    """Returns a seed's data of each data set; every seed has its own split, and its own draw of the XOR."""
    k_data, k_teaching = jax.random.split(jax.random.fold_in(key, 0))
    drawn = {"xor": data.xor_bits(k_data, count=EXAMPLES), "wine": wine}
    return {name: _seed_data_of(k_teaching, drawn[name], name, epochs) for name in datasets}


def run(name: str, *, dataset: str, epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on one data set, and its scores under noise.

    Returns:
        A function `((key, seed_data), hparams) -> dict`. Its hparams are `trained`, the strength of the noise in
        training, and `distilled`, 0 or 1. It returns `f1_at` [strengths, shots], macro F1 on the test rows;
        `f1_macro`, the one without noise and shots; `majority_f1_macro`, that of always answering the commonest
        class; the teacher's `teacher_f1`; and `diverged`.
    """
    model, classes = student(name, dataset), DATASETS[dataset].classes

    def one(seed: tuple[Key, dict[str, SeedData]], hparams: Any) -> dict[str, jax.Array]:
        key, (train, validation, test, teacher_f1) = seed[0], seed[1][dataset]
        k_student, k_shots = jax.random.split(jax.random.fold_in(key, 1))
        loss = losses.kd(TEMPERATURE, ALPHA * hparams["distilled"])
        noisy, adam = model.clone(noise=noise(hparams["trained"])), optax.adam(LEARNING_RATE)
        out = fit(k_student, noisy, train, loss, adam, epochs=epochs, validation=validation)
        f1_at = f1_under_noise(k_shots, model, out.params, test)
        commonest = metrics.majority(test.labels, classes=classes)
        return {
            "f1_at": f1_at,
            "f1_macro": f1_at[0, 0],
            "majority_f1_macro": metrics.f1(commonest, test.labels, classes=classes),
            "teacher_f1": teacher_f1,
            "diverged": out.history["diverged"],
        }

    return one


def f1_under_noise(key: Key, model: QuantumStudent, params: Params, test: Data) -> jax.Array:
    """Returns macro F1 on test rows at each strength and number of shots, [strengths, shots].

    All strengths share their random draws, so that they differ by the noise alone.
    """

    def at(strength: jax.Array) -> jax.Array:
        noisy = model.clone(noise=noise(strength))
        pairs = [
            (simulators.shots(shots) if shots else simulators.exact(), jax.random.fold_in(key, shots))
            for shots in SHOTS
        ]
        outputs: list[Any] = [
            noisy.clone(simulator=simulator).apply(params, test.x, rngs={"shots": k_shots})
            for simulator, k_shots in pairs
        ]
        return jnp.stack([metrics.f1(logits, test.labels, classes=model.classes) for logits in outputs])

    return jax.lax.map(at, jnp.asarray(STRENGTHS))


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    for dataset in options.datasets:
        for name in options.students:
            student(name, dataset)
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=options.students,
        settings={"dataset": options.datasets, "trained": TRAINED, "distilled": (0, 1)},
        seeds=options.seeds,
        options={"epochs": options.epochs, "datasets": options.datasets},
        data=data.wine() if "wine" in options.datasets else data.xor_bits(jax.random.key(0), count=1),
        base=options.seed,
    )


def _seed_data_of(key: Key, rows: Data, dataset: str, epochs: int) -> SeedData:
    """Returns a seed's data of one data set, with a teacher that is classical and without noise."""
    k_split, k_fit = jax.random.split(key)
    task = DATASETS[dataset]
    train, validation, test = data.split(k_split, rows, task.fractions)
    if dataset == "wine":
        train, validation, test = data.standardize(train, validation, test)
    params = teaching.train_teacher(k_fit, TEACHER, train, validation, epochs=epochs)
    return teaching.labeled(TEACHER, params, train=train, validation=validation, test=test, classes=task.classes)
