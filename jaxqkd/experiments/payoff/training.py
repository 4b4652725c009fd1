"""The training of the experiment: the data of a seed, the run of a student, and the study of all of them."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses
from jaxqkd.experiments import teaching
from jaxqkd.experiments.payoff.setup import (
    ALPHAS,
    CLASSES,
    EPOCHS,
    LABEL_NOISE,
    LEARNING_RATE,
    NAME,
    STUDENTS,
    TEACHER,
    TEACHER_EXAMPLES,
    TEMPERATURES,
    TEST_EXAMPLES,
    TRAIN_SIZES,
    VERSION,
    Options,
)
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Key, Run


def seed_data(key: Key, *, epochs: int = EPOCHS) -> SeedData:
    """Returns a seed's data at each level of label noise (leading axis), with a teacher of the same level.

    Its 200 training examples serve all training sizes; smaller sets are its first 30 and 60. Test labels are
    clean.
    """
    return jax.vmap(lambda rate: _seed_data_at(key, rate, epochs))(jnp.asarray(LABEL_NOISE))


def run(name: str, *, train_size: int, epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on `train_size` examples, as a function of a seed's key and data.

    Returns:
        A function `((key, seed_data), hparams) -> dict` with hparams `label_noise`, one of `LABEL_NOISE`,
        `temperature` and `alpha`; it returns `teaching.scores` and `diverged`.
    """
    checks.one_of("student", name, tuple(STUDENTS))
    model = STUDENTS[name]

    def one(seed: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, levels = seed
        level = jnp.argmin(jnp.abs(jnp.asarray(LABEL_NOISE) - hparams["label_noise"]))
        own = jax.tree.map(lambda leaf: leaf[level], levels)
        train = jax.tree.map(lambda leaf: leaf[:train_size], own.train)
        loss = losses.kd(hparams["temperature"], hparams["alpha"])
        out = fit(jax.random.fold_in(key, 1), model, train, loss, optax.adam(LEARNING_RATE), epochs=epochs)
        logits = model.apply(out.params, own.test.x)
        return teaching.scores(logits, own, classes=CLASSES) | {"diverged": out.history["diverged"]}

    return one


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    for name in options.students:
        checks.one_of("students", name, tuple(STUDENTS))
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=options.students,
        settings={
            "train_size": TRAIN_SIZES,
            "label_noise": LABEL_NOISE,
            "temperature": TEMPERATURES,
            "alpha": ALPHAS,
        },
        seeds=options.seeds,
        options={"epochs": options.epochs},
        base=options.seed,
    )


def comparisons(study: Study) -> int:
    """Returns how many gains over alpha = 0 the report of a study tests."""
    sizes = [len(values) for name, values in study.settings.items() if name != "alpha"]
    return len(study.students) * math.prod(sizes) * (len(study.settings["alpha"]) - 1)


def _seed_data_at(key: Key, rate: jax.Array, epochs: int) -> SeedData:
    """Returns a seed's data at one level of label noise, the student's and the teacher's."""
    k_train, k_test, k_teacher_data, k_noise, k_teacher_noise, k_fit, k_split = jax.random.split(key, 7)
    draw = functools.partial(data.xor_grid, classes=CLASSES)
    noisy = functools.partial(data.with_label_noise, rate=rate, classes=CLASSES)
    train = noisy(k_noise, draw(k_train, count=max(TRAIN_SIZES)))
    examples = noisy(k_teacher_noise, draw(k_teacher_data, count=TEACHER_EXAMPLES))
    test = draw(k_test, count=TEST_EXAMPLES)
    fitted, held_out = data.split(k_split, examples, (0.8, 0.2))
    params = teaching.train_teacher(k_fit, TEACHER, fitted, held_out, epochs=epochs)
    return teaching.labeled(TEACHER, params, train=train, test=test, classes=CLASSES)
