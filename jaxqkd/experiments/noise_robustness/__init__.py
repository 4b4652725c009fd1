"""Does distillation buy robustness? Students of a clean teacher, trained clean or noisy, judged under noise.

On the seed study's data and on wine, every student is trained without and with its teacher, without noise and
under noise, from the same initializations; then its test F1 is computed at several strengths of noise, exactly and
from finitely many shots. Nothing is selected, so all differences may be tested as they stand.
"""

from jaxqkd.experiments.noise_robustness.setup import NAME, VERSION, Options
from jaxqkd.experiments.noise_robustness.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="ten minutes on two cores",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
