"""The seed study: a teacher and eight students, without and with distillation, in three readings.

A classical teacher of 1203 parameters and eight students of 195 to 74, on 1000 random vectors of 64 bits whose
first two bits set the class. The paper states what is trained and measured; where it is silent, this experiment
chooses, and says so at the choice. Three readings of its training are run side by side.
"""

from jaxqkd.experiments.piperno2024.saving import save
from jaxqkd.experiments.piperno2024.setup import NAME, VERSION, Options
from jaxqkd.experiments.piperno2024.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source='Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024',
    cost="two to three minutes on two cores",
    options=Options,
    study=study,
    claims=("The mean F1 over 12 seeds of each of eight students, without and with distillation (figure 1).",),
    save=save,
)

__all__ = ["EXPERIMENT", "Options", "run", "save", "seed_data", "study"]
