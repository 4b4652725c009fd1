"""Does distillation save executions? Students trained as hardware would, with a budget of shots.

On iris, a student of four qubits is trained by the parameter-shift rule and by SPSA from finitely many shots,
without a teacher, with one, and with two teachers that know nothing more. Its test accuracy is followed against
the number of times that a circuit has been executed. The rules of the verdict were written down before any run.
"""

from jaxqkd.experiments.registry import Experiment
from jaxqkd.experiments.shot_budget.setup import NAME, VERSION, Options
from jaxqkd.experiments.shot_budget.training import run, seed_data, study

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="half an hour on one core",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
