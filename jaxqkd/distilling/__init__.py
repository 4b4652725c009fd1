"""The study of the user's own data: does a teacher's soft labels make a small quantum student better on them?

Every seed draws its own split, teacher and initialisations; the student and its controls are trained without and
with the teacher on the same rows, at a small grid of settings. The best student is saved for new rows.
"""

from jaxqkd.distilling.keeping import Best, best, save_best
from jaxqkd.distilling.preparation import Prepared, prepare
from jaxqkd.distilling.presentation import chosen, present
from jaxqkd.distilling.setup import ANSAETZE, ENCODINGS, Choice, choose, student, students
from jaxqkd.distilling.training import EPOCHS, SEEDS, Lesson, lesson, run, study

__all__ = [
    "ANSAETZE",
    "ENCODINGS",
    "EPOCHS",
    "SEEDS",
    "Best",
    "Choice",
    "Lesson",
    "Prepared",
    "best",
    "choose",
    "chosen",
    "lesson",
    "prepare",
    "present",
    "run",
    "save_best",
    "student",
    "students",
    "study",
]
