"""Which qubits should a student keep, and can the teacher choose them?

The seed study's students of selective measurement keep 2 to 5 of 6 qubits; which ones, and when the others are
measured, it leaves open. Here all 63 sets are trained, with the others never measured, one after each layer in
turn, or all after every layer, without and with distillation, from the same initializations. The teacher chooses
a set by the relevance of the features to its logits; the rules of decision were written before any run.
"""

from jaxqkd.experiments.kept_qubits.setup import NAME, VERSION, Options
from jaxqkd.experiments.kept_qubits.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="hours on two cores; with --seeds 6 --measured never, minutes",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
