"""The training of the experiment: the data of a seed, the run and the scores of a student, and the study."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.experiments import teaching
from jaxqkd.experiments.named_devices.setup import (
    ALPHA,
    CLASSES,
    CLEAN,
    EPOCHS,
    FRACTIONS,
    LEARNING_RATE,
    NAME,
    STUDENT,
    TEACHER,
    TEMPERATURE,
    VERSION,
    Options,
    at,
    calibrations,
)
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Data, Key, Params, Run


def seed_data(key: Key, wine: Data, *, epochs: int = EPOCHS) -> SeedData:
    """Returns a seed's split of the rows, labeled by a teacher that is classical and without noise."""
    k_split, k_fit = jax.random.split(jax.random.fold_in(key, 0))
    train, validation, test = data.standardize(*data.split(k_split, wine, FRACTIONS))
    params = teaching.train_teacher(k_fit, TEACHER, train, validation, epochs=epochs)
    return teaching.labeled(TEACHER, params, train=train, validation=validation, test=test, classes=CLASSES)


def run(name: str, *, trained: str, dates: Mapping[str, str], epochs: int = EPOCHS) -> Run:
    """Returns the training of the student for one device, and its scores on all of them.

    Args:
        name: The student.
        trained: The device that it is trained for, or "clean".
        dates: The date of each device's calibration, by its name.
        epochs: Epochs of the training.

    Returns:
        A function `((key, seed_data), hparams) -> dict` whose hparam is `distilled`, 0 or 1. It returns `f1_at`
        [1 + devices], macro F1 on the test rows without noise and on each device; `f1_macro`, the one where it
        was trained; `majority_f1_macro`, the teacher's `teacher_f1`; and `diverged`.
    """
    checks.one_of("student", name, (STUDENT,))
    places = (CLEAN, *dates)
    model = at(trained, dates)

    def one(seed: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, (train, validation, test, teacher_f1) = seed
        loss = losses.kd(TEMPERATURE, ALPHA * hparams["distilled"])
        k_student, adam = jax.random.fold_in(key, 1), optax.adam(LEARNING_RATE)
        out = fit(k_student, model, train, loss, adam, epochs=epochs, validation=validation)
        f1_at = jnp.stack([_f1(place, dates, out.params, test) for place in places])
        commonest = metrics.majority(test.labels, classes=CLASSES)
        return {
            "f1_at": f1_at,
            "f1_macro": f1_at[places.index(trained)],
            "majority_f1_macro": metrics.f1(commonest, test.labels, classes=CLASSES),
            "teacher_f1": teacher_f1,
            "diverged": out.history["diverged"],
        }

    return one


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    checks.names("devices", options.devices)
    dates = calibrations(tuple(options.devices))
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=(STUDENT,),
        settings={"trained": (CLEAN, *options.devices), "distilled": (0, 1)},
        seeds=options.seeds,
        options={"epochs": options.epochs, "dates": dates},
        data=data.wine(),
        base=options.seed,
    )


def _f1(place: str, dates: Mapping[str, str], params: Params, test: Data) -> jax.Array:
    """Returns macro F1 on test rows of trained parameters on a device."""
    logits = at(place, dates).apply(params, test.x)
    assert isinstance(logits, jax.Array)
    return metrics.f1(logits, test.labels, classes=CLASSES)
