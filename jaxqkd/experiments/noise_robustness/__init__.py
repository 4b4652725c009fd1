"""Does distillation buy robustness? Students of a clean teacher, trained clean or noisy, judged under noise.

On the seed study's data and on wine, every student is trained without and with its teacher, without noise and
under noise, from the same initializations; then its test F1 is computed at several strengths of noise, exactly and
from finitely many shots. Nothing is selected, so all differences may be tested as they stand.
"""

from typing import TYPE_CHECKING, Any

from jaxqkd.experiments.noise_robustness.setup import (
    DATASETS,
    EPOCHS,
    NAME,
    SEEDS,
    SHOTS,
    STRENGTHS,
    STUDENTS,
    TRAINED,
    VERSION,
    Options,
    noise,
    student,
)
from jaxqkd.experiments.noise_robustness.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

if TYPE_CHECKING:
    import xarray as xr


def report(results: "xr.Dataset") -> Any:
    """Returns the differences that distillation and noisy training make, and curves over the noise."""
    from jaxqkd.experiments.noise_robustness import presentation  # draws

    return presentation.present(results)


EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="ten minutes on two cores",
    options=Options,
    study=study,
    report=report,
)

__all__ = [
    "DATASETS",
    "EPOCHS",
    "EXPERIMENT",
    "SEEDS",
    "SHOTS",
    "STRENGTHS",
    "STUDENTS",
    "TRAINED",
    "Options",
    "noise",
    "report",
    "run",
    "seed_data",
    "student",
    "study",
]
