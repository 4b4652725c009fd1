"""When does distillation pay? Few and noisy labels on the continuous three-class XOR.

The deterministic XOR of the seed study leaves a good teacher nothing to add: its soft labels are the labels. Here
the student has 30, 60 or 200 labels, clean or a fifth of them wrong, and the teacher has seen 2000 of the same
kind. Every student is trained for a fixed number of epochs at every temperature and alpha; nothing is selected, so
the gains over alpha = 0 may be tested as they stand.
"""

from jaxqkd.experiments.payoff.setup import NAME, VERSION, Options
from jaxqkd.experiments.payoff.training import comparisons, run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="some minutes on two cores",
    options=Options,
    comparisons=comparisons,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
