"""The crossed design: every draw of data with every teacher and every initialization of the student."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxqkd import data
from jaxqkd.experiments import teaching
from jaxqkd.experiments.initializations.setup import CAREFUL, DRAWS, TEACHERS
from jaxqkd.experiments.piperno2024.setup import (
    CLASSES,
    EPOCHS,
    EXAMPLES,
    FEATURES,
    FRACTIONS,
    PATIENCE,
    TEACHER,
    TEACHER_LEARNING_RATE,
    student,
)
from jaxqkd.experiments.piperno2024.training import scores, trainer
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.types import Key, Run

RECORDED = (
    "f1_weighted",
    "f1_macro",
    "majority_f1_weighted",
    "teacher_f1",
    "epochs",
    "best_epoch",
    "diverged",
)
"""What is kept of a training."""


def seed_data(
    key: Key, *, draws: int = DRAWS, teachers: int = TEACHERS, epochs: int = EPOCHS, number: int = 0
) -> SeedData:
    """Returns all draws of data, each labeled by all teachers; leaves lead with [draws, teachers].

    They do not depend on the key of a seed, which is that of the student's initialization.

    Args:
        key: Unused.
        draws: Number of draws, of data and split.
        teachers: Number of teachers; each has its own initialization, the same on every draw.
        epochs: The largest number of epochs of a teacher's training.
        number: Another number draws other data and teachers.
    """
    k_draws, k_teachers = jax.random.split(jax.random.fold_in(jax.random.key(number), draws * 1000 + teachers))

    def pair(k_draw: Key, k_teacher: Key) -> SeedData:
        k_data, k_split = jax.random.split(k_draw)
        examples = data.xor_bits(k_data, count=EXAMPLES, bits=FEATURES)
        train, validation, test = data.split(k_split, examples, FRACTIONS)
        params = teaching.train_teacher(
            k_teacher,
            TEACHER,
            train,
            validation,
            epochs=epochs,
            patience=PATIENCE,
            learning_rate=TEACHER_LEARNING_RATE,
        )
        return teaching.labeled(TEACHER, params, train=train, validation=validation, test=test, classes=CLASSES)

    over_teachers = jax.vmap(pair, in_axes=(None, 0))
    each = jax.vmap(over_teachers, in_axes=(0, None))
    return each(jax.random.split(k_draws, draws), jax.random.split(k_teachers, teachers))


def run(name: str, *, readings: Sequence[str] = CAREFUL, epochs: int = EPOCHS, batch_size: int = 0) -> Run:
    """Returns the training of one student at a draw, a teacher and an order of mini-batches.

    Args:
        name: One of the seed study's students.
        readings: Names of readings.
        epochs: The largest number of epochs of a training.
        batch_size: Examples of a mini-batch, 0 for the full batch.

    Returns:
        A function `((key, seed_data), hparams) -> dict` of scores. Its hparams are `reading`, an index; `draw`;
        `teacher`, 0 for none and else one more than its number; and `order`, if orders are compared.
    """
    model = student(name)
    train = trainer(name, readings=readings, epochs=epochs, batch_size=batch_size or None)

    def one(seed: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, every = seed
        draw, level = (jnp.asarray(hparams[factor], int) for factor in ("draw", "teacher"))
        own = jax.tree.map(lambda leaf: leaf[draw, jnp.maximum(level - 1, 0)], every)
        chosen = {"reading": hparams["reading"], "distilled": (level > 0).astype(float)}
        order = {"order": jnp.asarray(hparams["order"], int)} if "order" in hparams else {}
        params, history = train(key, own, chosen | order)
        out = scores(model.apply(params, own.test.x), own) | history
        return {recorded: out[recorded] for recorded in RECORDED}

    return one
