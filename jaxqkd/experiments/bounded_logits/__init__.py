"""Which distillation method suits students whose logits are bounded? Every loss, temperatures below and above 1.

Expectation values lie in [-1, 1], so a quantum student without a classical head cannot say what a sure teacher
says. Such a student, the same one with a linear head, and a linear model learn from few labels on three data sets,
without and with each distillation loss. Nothing is selected, so all gains may be tested as they stand.
"""

from jaxqkd.experiments.bounded_logits.presentation import report
from jaxqkd.experiments.bounded_logits.setup import CASES, DATASETS, METHODS, STUDENTS, TEMPERATURES, student
from jaxqkd.experiments.bounded_logits.training import EPOCHS, SEEDS, SeedData, run, seed_data, study

__all__ = [
    "CASES",
    "DATASETS",
    "EPOCHS",
    "METHODS",
    "SEEDS",
    "STUDENTS",
    "TEMPERATURES",
    "SeedData",
    "report",
    "run",
    "seed_data",
    "student",
    "study",
]
