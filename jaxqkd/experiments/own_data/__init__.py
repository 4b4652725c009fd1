"""The study of the user's own data: does a teacher's soft labels make a small quantum student better on them?

Every seed draws its own split, teacher and initializations; the student and its controls are trained without and
with the teacher on the same rows, at a small grid of settings. The best student is saved for new rows.
"""

from jaxqkd.experiments.own_data.keeping import Best, best, save_best
from jaxqkd.experiments.own_data.preparation import Prepared, prepare
from jaxqkd.experiments.own_data.presentation import report
from jaxqkd.experiments.own_data.selection import chosen
from jaxqkd.experiments.own_data.setup import ANSAETZE, ENCODINGS, Choice, choose, student, students
from jaxqkd.experiments.own_data.training import EPOCHS, SEEDS, SeedData, run, seed_data, study

__all__ = [
    "ANSAETZE",
    "ENCODINGS",
    "EPOCHS",
    "SEEDS",
    "Best",
    "Choice",
    "Prepared",
    "SeedData",
    "best",
    "choose",
    "chosen",
    "prepare",
    "report",
    "run",
    "save_best",
    "seed_data",
    "student",
    "students",
    "study",
]
