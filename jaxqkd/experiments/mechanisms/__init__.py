"""When and why does distillation help a quantum student, and does it help more than it helps a classical one?

On mixtures of Gaussians, whose posterior is known, students learn without a teacher and from ten: the posterior
itself, clean labels, a trained network, one that saw nothing but the student's rows, a shuffled one, smoothing of
the same entropy, two at another temperature, the student itself, and one that labels further rows. Predictions of
five mechanisms, and the rule of the verdict, were written down before the run.
"""

from jaxqkd.experiments.mechanisms.setup import NAME, VERSION, Options
from jaxqkd.experiments.mechanisms.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="forty minutes of one core, estimated",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
