"""A table of your own: do a teacher's soft labels make a small quantum student better on it?

Every seed draws its own split, teacher and initializations; the student and its controls are trained without and
with the teacher on the same rows, at a small grid of temperature and alpha. Settings are chosen on validation
rows; paired, corrected tests on test rows say whether the teacher helps. The best student is saved in student/,
for `jaxqkd predict` to score new rows.
"""

from jaxqkd.experiments.own_data.options import Options, study_of_file
from jaxqkd.experiments.own_data.saving import save
from jaxqkd.experiments.own_data.setup import NAME, VERSION
from jaxqkd.experiments.own_data.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="a minute or two on two cores for 178 rows of 13 features",
    options=Options,
    comparisons=lambda study: 2 * len(study.students) + 1,  # each by its teacher, and the first with all controls
    study=study_of_file,
    save=save,
)

__all__ = ["EXPERIMENT", "Options", "run", "save", "seed_data", "study", "study_of_file"]
