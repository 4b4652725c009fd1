"""Which distillation method suits students whose logits are bounded? Every loss, temperatures below and above 1.

Expectation values lie in [-1, 1], so a quantum student without a classical head cannot be as sure as its teacher.
Such a student, the same one with a linear head, and a linear model learn from few labels on three data sets,
without and with each distillation loss. Nothing is selected, so all gains may be tested as they stand.
"""

from jaxqkd.experiments.bounded_logits.setup import NAME, VERSION, Options
from jaxqkd.experiments.bounded_logits.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="a quarter of an hour on two cores",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
