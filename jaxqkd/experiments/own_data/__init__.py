"""A table of your own: do a teacher's soft labels make a small quantum student better on it?

Every seed draws its own split, teacher and initializations; the student and its controls are trained without and
with the teacher on the same rows, at a small grid of temperature and alpha. Settings are chosen on validation
rows; paired, corrected tests on test rows say whether the teacher helps. The best student is saved in student/,
for `jaxqkd predict` to score new rows.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxqkd.experiments.own_data.options import Options, study_of_file
from jaxqkd.experiments.own_data.preparation import Prepared, prepare
from jaxqkd.experiments.own_data.setup import (
    ANSAETZE,
    ENCODINGS,
    EPOCHS,
    NAME,
    SEEDS,
    VERSION,
    Choice,
    choose,
    student,
    students,
)
from jaxqkd.experiments.own_data.training import SeedData, run, seed_data, study
from jaxqkd.experiments.registry import Experiment
from jaxqkd.studies.study import Study

if TYPE_CHECKING:
    import xarray as xr


def report(results: "xr.Dataset") -> Any:
    """Returns each student's setting, chosen on validation rows, and tests on the test rows."""
    from jaxqkd.experiments.own_data import presentation  # draws

    return presentation.present(results)


def save(options: Options, study: Study, results: "xr.Dataset", out: Path) -> list[str]:
    """Saves the best student in student/; returns what to tell the user."""
    from jaxqkd.experiments.own_data import saving  # reads the presentation's choices

    return saving.save(options, study, results, out)


EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="a minute or two on two cores for 178 rows of 13 features",
    options=Options,
    study=study_of_file,
    report=report,
    save=save,
)

__all__ = [
    "ANSAETZE",
    "ENCODINGS",
    "EPOCHS",
    "EXPERIMENT",
    "SEEDS",
    "Choice",
    "Options",
    "Prepared",
    "SeedData",
    "choose",
    "prepare",
    "report",
    "run",
    "save",
    "seed_data",
    "student",
    "students",
    "study",
    "study_of_file",
]
