"""Does distillation buy robustness? Students of a clean teacher, trained clean or noisy, judged under noise.

On the seed study's data and on wine, every student is trained without and with its teacher, without noise and
under noise, from the same initializations; then its test F1 is found at several strengths of noise, exactly and
from finitely many shots. Nothing is selected, so all differences may be tested as they stand.
"""

from jaxqkd.experiments.noise_robustness.presentation import report, scores
from jaxqkd.experiments.noise_robustness.setup import DATASETS, SHOTS, STRENGTHS, STUDENTS, TRAINED, noise, student
from jaxqkd.experiments.noise_robustness.training import EPOCHS, SEEDS, SeedData, run, seed_data, study

__all__ = [
    "DATASETS",
    "EPOCHS",
    "SEEDS",
    "SHOTS",
    "STRENGTHS",
    "STUDENTS",
    "TRAINED",
    "SeedData",
    "noise",
    "report",
    "run",
    "scores",
    "seed_data",
    "student",
    "study",
]
