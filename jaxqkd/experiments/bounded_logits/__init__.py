"""Which distillation method suits students whose logits are bounded? Every loss, temperatures below and above 1.

Expectation values lie in [-1, 1], so a quantum student without a classical head cannot be as sure as its teacher.
Such a student, the same one with a linear head, and a linear model learn from few labels on three data sets,
without and with each distillation loss. Nothing is selected, so all gains may be tested as they stand.
"""

from typing import TYPE_CHECKING, Any

from jaxqkd.experiments.bounded_logits.setup import (
    CASES,
    DATASETS,
    EPOCHS,
    METHODS,
    NAME,
    SEEDS,
    STUDENTS,
    TEMPERATURES,
    VERSION,
    Options,
    student,
)
from jaxqkd.experiments.bounded_logits.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

if TYPE_CHECKING:
    import xarray as xr


def report(results: "xr.Dataset") -> Any:
    """Returns what each method gains each student, tested and corrected, and a figure of it."""
    from jaxqkd.experiments.bounded_logits import presentation  # draws

    return presentation.present(results)


EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="a quarter of an hour on two cores",
    options=Options,
    study=study,
    report=report,
)

__all__ = [
    "CASES",
    "DATASETS",
    "EPOCHS",
    "EXPERIMENT",
    "METHODS",
    "SEEDS",
    "STUDENTS",
    "TEMPERATURES",
    "Options",
    "report",
    "run",
    "seed_data",
    "student",
    "study",
]
