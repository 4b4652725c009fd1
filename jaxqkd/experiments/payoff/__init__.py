"""When does distillation pay? Few and noisy labels on the continuous three-class XOR."""

from jaxqkd.experiments.payoff.training import (
    EPOCHS,
    SEEDS,
    STUDENTS,
    TEACHER,
    SeedData,
    present,
    run,
    seed_data,
    study,
)

__all__ = ["EPOCHS", "SEEDS", "STUDENTS", "TEACHER", "SeedData", "present", "run", "seed_data", "study"]
