"""The best student of a study: trained once more from its seed, and saved with all that new rows need."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from jaxqkd.data import Table
from jaxqkd.experiments.own_data.options import Options, table_of
from jaxqkd.experiments.own_data.placement import placed, saved
from jaxqkd.experiments.own_data.selection import Setting, alone, chosen
from jaxqkd.experiments.own_data.setup import choice_of, students, width
from jaxqkd.experiments.own_data.training import scores, train
from jaxqkd.saving import save_student
from jaxqkd.studies.programs import rerun
from jaxqkd.studies.study import Study

if TYPE_CHECKING:
    import xarray as xr


class Best(NamedTuple):
    """The student that is saved.

    Attributes:
        student: Its name.
        setting: Its setting with a teacher or without, whichever has the higher mean validation F1 over the seeds.
        seed: The seed with the highest validation F1 there, and the least validation loss among equals.
        test_f1: Its test F1, by which nothing was chosen.
    """

    student: str
    setting: Setting
    seed: int
    test_f1: float


def best(results: "xr.Dataset") -> Best:
    """Returns the student of the results that is saved."""
    student = str(results.student.values[0])
    setting = max(alone(results, student), chosen(results, student), key=lambda setting: setting.score)
    at = {"student": student, "teacher": "teacher", "temperature": setting.temperature, "alpha": setting.alpha}
    runs = results.sel(at)
    order = np.lexsort((runs.validation_loss.values, -runs.validation_f1.values))
    seed = int(order[0])
    return Best(student, setting, seed, float(runs.f1_macro[seed]))


def save(options: Options, study: Study, results: "xr.Dataset", out: Path) -> list[str]:
    """Saves the best student in student/; returns what to tell the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the study has given them
        table = table_of(options)
    directory = out / "student"
    saved = save_best(directory, study, results, table, label=options.label)
    return [
        f"The student of seed {saved.seed}, {saved.setting}, is in {directory}. Of its setting's seeds it",
        f"has the best validation score. Its macro F1 on its own test rows is {saved.test_f1:.3f}, but expect",
        "the table's mean of new rows.",
        f"It scores new rows: jaxqkd predict --model {directory} --data FILE",
    ]


def save_best(directory: Path, study: Study, results: "xr.Dataset", table: Table, *, label: str) -> Best:
    """Trains the best student once more, and saves it with its reduction and the names of classes and columns.

    Warns if its test score is not the study's, since blocks that another machine computed have other rounding.

    Returns:
        The student, with the test score of what is saved.
    """
    chosen = best(results)
    options = study.options
    choice = choice_of(options["choice"])
    models = students(choice, options["classes"], width(choice, options["features"]))
    model = placed(models, options.get("device"))[chosen.student]
    hparams = {"teacher": 0, "temperature": chosen.setting.temperature, "alpha": chosen.setting.alpha}

    def run(seed: Any, _: Any) -> tuple[Any, jax.Array]:
        key, seed_data = seed
        out = train(model, key, seed_data, hparams, epochs=options["epochs"])
        return out.params, scores(model, out, seed_data, options["classes"])["f1_macro"]

    params, test_f1 = rerun(study, chosen.seed, run)
    repeated = chosen._replace(test_f1=float(test_f1))
    if not np.isclose(test_f1, chosen.test_f1, atol=1e-6):
        both = f"{test_f1:.3f} on its test rows, and {chosen.test_f1:.3f} in the study, by other rounding"
        warnings.warn(f"Seed {chosen.seed} trained once more scores {both}. The former is saved.", stacklevel=2)
    reduction = jax.tree.map(lambda leaf: leaf[chosen.seed], study.data.reductions)
    facts = {"label": label, "seed": chosen.seed, "test_f1": repeated.test_f1, **chosen.setting._asdict()}
    if "device" in options:
        facts["device"] = options["device"]
    names = {"names": table.classes, "columns": table.features}
    save_student(directory, saved(model), params, reduction=reduction, facts=facts, **names)
    return repeated
