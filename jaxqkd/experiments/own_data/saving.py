"""The best student of a study: trained once more from its seed, and saved with all that scoring new rows takes."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import xarray as xr

from jaxqkd.experiments.own_data.presentation import Setting, alone, chosen
from jaxqkd.experiments.own_data.setup import Choice, students, width
from jaxqkd.experiments.own_data.training import SeedData, scores, train
from jaxqkd.saving import save_student
from jaxqkd.studies.programs import teachers
from jaxqkd.studies.study import Study, seed_keys
from jaxqkd.sweeps import sweep


class Best(NamedTuple):
    """Which student is saved, and how it was found.

    Attributes:
        student: Its name.
        setting: With a teacher or without, whichever scores more on validation rows in the mean over the seeds.
        seed: The seed with the highest validation F1 there, and the least validation loss among equals.
        test_f1: Its test F1, on which nothing was chosen.
    """

    student: str
    setting: Setting
    seed: int
    test_f1: float


def best(results: xr.Dataset) -> Best:
    """Returns which student of the results is saved."""
    student = str(results.student.values[0])
    setting = max(alone(results, student), chosen(results, student), key=lambda setting: setting.score)
    at = {"student": student, "teacher": "teacher", "temperature": setting.temperature, "alpha": setting.alpha}
    found = results.sel(at)
    order = np.lexsort((found.validation_loss.values, -found.validation_f1.values))
    seed = int(order[0])
    return Best(student, setting, seed, float(found.f1_macro[seed]))


def save_best(
    directory: Path,
    study: Study,
    results: xr.Dataset,
    *,
    names: Sequence[str],
    columns: Sequence[str],
    label: str,
) -> Best:
    """Trains the best student once more, and saves it with its reduction and the names of classes and columns.

    Warns where its test score is not the one that the study has: blocks from another machine have other rounding.

    Returns:
        Which one it is, with the test score of what is saved.
    """
    found = best(results)
    options = study.options
    choice = Choice(**options["choice"])
    model = students(choice, options["classes"], width(choice, options["features"]))[found.student]
    params, test = _again(study, model, found)
    if not np.isclose(test, found.test_f1, atol=1e-6):
        told = f"{test:.3f} on its test rows, and {found.test_f1:.3f} in the study, by other rounding"
        warnings.warn(f"Seed {found.seed} trained once more scores {told}. The former is saved.", stacklevel=2)
    reduction = jax.tree.map(lambda leaf: leaf[found.seed], study.data.reductions)
    facts = {"label": label, "seed": found.seed, "test_f1": test, **found.setting._asdict()}
    save_student(directory, model, params, reduction=reduction, names=names, columns=columns, facts=facts)
    return found._replace(test_f1=test)


def _again(study: Study, model: Any, found: Best) -> tuple[Any, float]:
    """Returns the parameters and the test F1 of the best student's training, from the seed's data of its block."""
    first = found.seed - found.seed % study.seeds_a_block
    keys = seed_keys(study.base, range(first, first + study.seeds_a_block))
    own = slice(found.seed - first, found.seed - first + 1)
    drawn = jax.tree.map(lambda leaf: leaf[own], (keys, teachers(study)(keys)))
    hparams = {"teacher": 0, "temperature": found.setting.temperature, "alpha": found.setting.alpha}

    def once(seed: tuple[jax.Array, SeedData], _: Any) -> tuple[Any, jax.Array]:
        out = train(model, *seed, hparams, epochs=study.options["epochs"])
        return out.params, scores(model, out, seed[1], study.options["classes"])["f1_macro"]

    params, test = sweep(once, drawn)
    return jax.tree.map(lambda leaf: np.asarray(leaf[0]), params), float(test[0])
