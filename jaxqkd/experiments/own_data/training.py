"""The training of the experiment: the data of a seed, the run of a student, and the study of all of them."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, controls, losses, metrics
from jaxqkd.data import apply_reduction
from jaxqkd.experiments import teaching
from jaxqkd.experiments.own_data.placement import calibration, placed
from jaxqkd.experiments.own_data.preparation import Prepared, ends, prepare
from jaxqkd.experiments.own_data.setup import EPOCHS, NAME, SEEDS, VERSION, Choice, choice_of, students, width
from jaxqkd.models import MLP
from jaxqkd.studies.study import Study
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Fit, Key, Model, Run

TEMPERATURES = (1.0, 2.0, 4.0)
ALPHAS = (0.0, 0.5, 0.9)
TEACHERS = ("teacher", "shuffled", "smoothed")
LEARNING_RATE, TEACHER_EPOCHS, TEACHER_PATIENCE = 0.03, 300, 30
HIDDEN = (32, 32)
FULL_BATCH = 256
"""Up to this number of training rows a batch holds them all; larger sets are trained in batches of this size."""


class SeedData(NamedTuple):
    """The data that all students of a seed share.

    Attributes:
        train: Reduced features, labels, and the teacher's logits.
        teachers: Logits [3, N, C] of the training rows by each of `TEACHERS`.
        validation: Reduced features and labels.
        test: Reduced features and labels.
        scores: Macro F1 of the teacher on test and validation rows, and of always answering the commonest class.
    """

    train: Data
    teachers: jax.Array
    validation: Data
    test: Data
    scores: dict[str, jax.Array]


def seed_data(key: Key, prepared: Prepared, *, classes: int, taught_by: str) -> SeedData:
    """Returns a seed's rows, split and reduced, with the logits of its teachers; `taught_by` is `study`'s."""
    k_teacher, k_controls = jax.random.split(jax.random.fold_in(key, 1))
    own = prepared.own(key)
    table = own.table
    x = (table.x - own.reductions.mean[None, :]) / own.reductions.scale[None, :]
    logits: Any = own.forests if taught_by == "forest" else table.teacher
    whole: Any = _parts(own, Data(x, table.labels, logits))
    if taught_by == "mlp":
        whole = _labeled(k_teacher, whole, classes)
    train, validation, test = _parts(own, Data(apply_reduction(own.reductions, table.x), table.labels))
    train = train._replace(teacher=whole[0].teacher)
    labeled = controls.teachers(k_controls, train)
    teachers = jnp.stack([labeled[name].teacher for name in TEACHERS])
    f1 = functools.partial(metrics.f1, classes=classes)
    scores = {
        "teacher_f1": f1(whole[2].teacher, test.labels),
        "teacher_validation_f1": f1(whole[1].teacher, validation.labels),
        "majority_f1_macro": f1(metrics.majority(test.labels, classes=classes), test.labels),
    }
    return SeedData(train, teachers, validation, test, scores)


def train(model: Model, key: Key, seed_data: SeedData, hparams: Any, *, epochs: int) -> Fit:
    """Returns the training of a model from a seed's key at a setting: teacher, temperature and alpha."""
    teacher = seed_data.teachers[jnp.asarray(hparams["teacher"]).astype(int)]
    rows = seed_data.train._replace(teacher=teacher)
    loss = losses.kd(hparams["temperature"], hparams["alpha"])
    k_fit, adam = jax.random.fold_in(key, 2), optax.adam(LEARNING_RATE)
    return fit(k_fit, model, rows, loss, adam, epochs=epochs, batch_size=_batch_size(rows))


def run(
    name: str,
    *,
    choice: Any,
    classes: int,
    features: int,
    epochs: int,
    device: Mapping[str, str] | None = None,
) -> Run:
    """Returns the training of one student, as a function of a seed's key and data.

    Returns:
        A function `((key, seed_data), hparams) -> dict` with hparams `teacher`, the index of one of `TEACHERS`,
        `temperature` and `alpha`; it returns the test set's `f1_macro` and `accuracy`, the validation set's
        `validation_f1` and `validation_loss`, the scores of the seed's data, the `loss` [epochs], and `diverged`.
    """
    choice = choice_of(choice)
    models = students(choice, classes, width(choice, features))
    checks.one_of("student", name, tuple(models))
    model = placed(models, device)[name]

    def one(seed: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        key, seed_data = seed
        out = train(model, key, seed_data, hparams, epochs=epochs)
        history = {at: out.history[at] for at in ("loss", "diverged")}
        return scores(model, out, seed_data, classes) | seed_data.scores | history

    return one


def scores(model: Model, out: Fit, seed_data: SeedData, classes: int) -> dict[str, jax.Array]:
    """Returns the scores of a trained model on its seed's test and validation rows."""
    test, validation = (model.apply(out.params, part.x) for part in (seed_data.test, seed_data.validation))
    return {
        "f1_macro": metrics.f1(test, seed_data.test.labels, classes=classes),
        "accuracy": metrics.accuracy(test, seed_data.test.labels),
        "validation_f1": metrics.f1(validation, seed_data.validation.labels, classes=classes),
        "validation_loss": losses.hard()(validation, None, seed_data.validation.labels).mean(),
    }


def study(
    table: Data,
    choice: Choice,
    *,
    classes: int,
    teacher: str = "mlp",
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    base: int = 0,
    device: str | None = None,
) -> Study:
    """Returns the study of a table, to be run by `jaxqkd.studies.run`.

    Args:
        table: The user's rows, with or without logits [N, C] of a teacher of their own.
        choice: The student.
        classes: Number of classes C.
        teacher: "mlp" or "forest" for a teacher that each seed fits on its own training rows; "logits" for those
            of the table.
        seeds: Number of seeds; each draws its own split, teacher and initializations.
        epochs: Epochs of each training of a student.
        base: Another number draws other splits and initializations for all seeds.
        device: Name of the device whose noise the student and its controls are trained and judged under, or None.
    """
    checks.one_of("teacher", teacher, ("mlp", "forest", "logits"))
    checks.integer("epochs", epochs)
    checks.integer("seeds", seeds)
    features = table.x.shape[1]
    models = students(choice, classes, width(choice, features))
    on_device = {} if device is None else {"device": calibration(device)}
    placed(models, on_device.get("device"))  # which refuses what the device cannot hold, before anything runs
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=tuple(models),
        settings={"teacher": TEACHERS, "temperature": TEMPERATURES, "alpha": ALPHAS},
        seeds=seeds,
        options={
            "choice": choice.described(),
            "taught_by": teacher,
            "classes": classes,
            "features": features,
            "epochs": epochs,
            **on_device,
        },
        data=prepare(table, choice, seeds=seeds, base=base, teacher=teacher),
        base=base,
    )


def _parts(own: Prepared, rows: Data) -> list[Data]:
    """Returns training, validation and test rows by the seed's own order."""
    shuffled = jax.tree.map(lambda leaf: jnp.asarray(leaf)[own.orders], rows)
    first, second = ends(len(own.orders))
    return [jax.tree.map(lambda leaf, at=at: leaf[at], shuffled) for at in _slices(first, second)]


def _slices(first: int, second: int) -> tuple[slice, slice, slice]:
    return slice(first), slice(first, second), slice(second, None)


def _labeled(key: Key, parts: list[Data], classes: int) -> list[Data]:
    """Returns the parts labeled by a perceptron that was trained on the first, and stopped by the second."""
    teacher = MLP(features=HIDDEN, classes=classes)
    fitted, validation, _ = parts
    params = teaching.train_teacher(
        key,
        teacher,
        fitted,
        validation,
        epochs=TEACHER_EPOCHS,
        patience=TEACHER_PATIENCE,
        batch_size=_batch_size(fitted),
    )
    return [label(part, teacher, params) for part in parts]


def _batch_size(rows: Data) -> int | None:
    return None if len(rows.x) <= FULL_BATCH else FULL_BATCH
