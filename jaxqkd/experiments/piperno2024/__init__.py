"""The seed study: Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024.

A classical teacher of 1203 parameters and eight students of 195 to 74, on 1000 random vectors of 64 bits whose
first two bits set the class. The paper states what is trained and measured; where it is silent, this module
chooses, and says so at the choice. Three readings of its training are run side by side.
"""

from jaxqkd.experiments.piperno2024.presentation import report
from jaxqkd.experiments.piperno2024.saving import save_best
from jaxqkd.experiments.piperno2024.setup import (
    EPOCHS,
    MEASURED,
    PUBLISHED,
    READINGS,
    STUDENTS,
    TEACHER,
    Published,
    Reading,
    student,
)
from jaxqkd.experiments.piperno2024.training import SeedData, run, seed_data, study

__all__ = [
    "EPOCHS",
    "MEASURED",
    "PUBLISHED",
    "READINGS",
    "STUDENTS",
    "TEACHER",
    "Published",
    "Reading",
    "SeedData",
    "report",
    "run",
    "save_best",
    "seed_data",
    "student",
    "study",
]
