"""Which distillation method suits students whose logits are bounded? Every loss, temperatures below and above 1.

Expectation values lie in [-1, 1], so a quantum student without a classical head cannot say what a sure teacher
says. Such a student, the same one with a linear head, and a linear model learn from few labels on three data sets,
without and with each distillation loss. Nothing is selected, so all gains may be tested as they stand.
"""

from jaxqkd.papers.methods.presentation import present
from jaxqkd.papers.methods.setup import CASES, DATASETS, METHODS, STUDENTS, TEMPERATURES, student
from jaxqkd.papers.methods.training import EPOCHS, SEEDS, Lesson, lesson, run, study

__all__ = [
    "CASES",
    "DATASETS",
    "EPOCHS",
    "METHODS",
    "SEEDS",
    "STUDENTS",
    "TEMPERATURES",
    "Lesson",
    "lesson",
    "present",
    "run",
    "student",
    "study",
]
