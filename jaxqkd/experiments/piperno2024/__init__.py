"""The seed study: a teacher and eight students, without and with distillation, in three readings.

A classical teacher of 1203 parameters and eight students of 195 to 74, on 1000 random vectors of 64 bits whose
first two bits set the class. The paper states what is trained and measured; where it is silent, this experiment
chooses, and says so at the choice. Three readings of its training are run side by side.
"""

from typing import TYPE_CHECKING, Any

from jaxqkd.experiments.piperno2024.saving import save
from jaxqkd.experiments.piperno2024.setup import (
    EPOCHS,
    MEASURED,
    NAME,
    PUBLISHED,
    READINGS,
    STUDENTS,
    TEACHER,
    VERSION,
    Options,
    Published,
    Reading,
    student,
)
from jaxqkd.experiments.piperno2024.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

if TYPE_CHECKING:
    import xarray as xr


def report(results: "xr.Dataset") -> Any:
    """Returns the verdicts by student and reading, and every seed beside the paper's bars."""
    from jaxqkd.experiments.piperno2024 import presentation  # draws

    return presentation.present(results)


EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source='Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024',
    cost="two to three minutes on two cores",
    options=Options,
    study=study,
    report=report,
    claims=("The mean F1 over 12 seeds of each of eight students, without and with distillation (figure 1).",),
    save=save,
)

__all__ = [
    "EPOCHS",
    "EXPERIMENT",
    "MEASURED",
    "PUBLISHED",
    "READINGS",
    "STUDENTS",
    "TEACHER",
    "Options",
    "Published",
    "Reading",
    "report",
    "run",
    "save",
    "seed_data",
    "student",
    "study",
]
