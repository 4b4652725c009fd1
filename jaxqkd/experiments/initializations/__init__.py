"""How much does a student's score depend on its initialization, and how many seeds does a comparison need?

In the design "seeds", thousands of seeds, each with its own data, teacher and initialization, train the seed
study's eight students without and with distillation in the two readings that keep the best epoch. In the design
"crossed", every draw of data meets every teacher and every initialization, so that the variance of the scores can
be split into their components. The rules of decision were written before any run.
"""

from jaxqkd.experiments.initializations.setup import NAME, VERSION, Options
from jaxqkd.experiments.initializations.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="half a day on two cores for 10,000 seeds; 100 seeds take minutes",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
