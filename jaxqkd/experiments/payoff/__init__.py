"""When does distillation pay? Few and noisy labels on the continuous three-class XOR."""

from jaxqkd.experiments.payoff.presentation import report
from jaxqkd.experiments.payoff.training import (
    EPOCHS,
    SEEDS,
    STUDENTS,
    TEACHER,
    SeedData,
    run,
    seed_data,
    study,
)

__all__ = ["EPOCHS", "SEEDS", "STUDENTS", "TEACHER", "SeedData", "report", "run", "seed_data", "study"]
