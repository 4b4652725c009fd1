"""Does distillation buy robustness? Students of a clean teacher, trained clean or noisy, judged under noise.

On the seed study's data and on wine, every student is trained without and with its teacher, without noise and
under noise, from the same initialisations; then its test F1 is found at several strengths of noise, exactly and
from finitely many shots. Nothing is selected, so all differences may be tested as they stand.
"""

from jaxqkd.papers.noisy.presentation import present, scores
from jaxqkd.papers.noisy.setup import DATASETS, SHOTS, STRENGTHS, STUDENTS, TRAINED, noise, student
from jaxqkd.papers.noisy.training import EPOCHS, SEEDS, Lesson, lesson, run, study

__all__ = [
    "DATASETS",
    "EPOCHS",
    "SEEDS",
    "SHOTS",
    "STRENGTHS",
    "STUDENTS",
    "TRAINED",
    "Lesson",
    "lesson",
    "noise",
    "present",
    "run",
    "scores",
    "student",
    "study",
]
