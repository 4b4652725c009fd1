"""The set-up of the experiment: the student, the estimators of its gradient, the budgets, and the rules.

All of it was chosen before the study was run. A pilot without teachers, of four seeds on another split of iris,
showed that these learning rates train, and that sampled accuracies level off between 0.82 and 0.92: hence the
accuracy to be reached. A trial of two seeds and eight epochs showed that the code runs, and changed nothing.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import real_amplitudes
from jaxqkd.models import MLP, QuantumStudent
from jaxqkd.quantum import encodings, simulators
from jaxqkd.training import Estimator, parameter_shift, spsa
from jaxqkd.types import Model

NAME, VERSION = "shot_budget", 1
EPOCHS, SEEDS, BATCH = 667, 24, 15
"""Epochs of each training, which take the smallest estimator to 10^7 executions; seeds; examples of an update."""
FRACTIONS = (0.5, 0.2, 0.3)
"""Shares of training, validation and test rows; the teacher's early stopping uses the validation rows."""
CLASSES, QUBITS, LAYERS = 3, 4, 3
LEARNING_RATE, SIZE = 0.05, 0.1
"""Of Adam, for all estimators alike; the first perturbation of SPSA, in radians."""
TEMPERATURE, ALPHA = 2.0, 0.5
"""Of the taught students; chosen beforehand, not by any result."""
BUDGETS = (1e5, 1e6, 1e7, 1e8)
"""Numbers of executions, each one shot of one circuit, at which the accuracy is compared."""
REACHED, WINDOW = 0.85, 5
"""The accuracy to be reached by the mean over so many epochs, of which the last one counts."""
TAUGHT = ("none", "teacher", "shuffled", "smoothed")
"""Without a teacher; with one; with its logits permuted among the examples; with the labels, smoothed to its
confidence. See `jaxqkd.controls.teachers`."""
TEACHER: Model = MLP(features=(16, 8), classes=CLASSES)

RULE = """\
The executions to reach an accuracy are those of the first epoch at which the mean
test accuracy over five epochs is 0.85 or more; a training that never gets there
counts with all its executions. Distillation saves executions with an estimator of
gradients if log10 of them is lower with the teacher than without in a paired test
(Wilcoxon, Holm-corrected over all estimators and teachings, p below 0.05), on
average and in most seeds. The teacher's knowledge is the reason only if the same
holds against the shuffled and the smoothed teacher. Expected before any run: the
teacher saves less than a factor of two, if anything, and the shuffled one costs
executions."""


class Estimated(NamedTuple):
    """A way to estimate gradients.

    Attributes:
        estimator: From values at shifted angles, or at two ends of a perturbation.
        shots: Shots of each value.
    """

    estimator: Estimator
    shots: int


ESTIMATORS = {
    "shift, 10 shots": Estimated(parameter_shift(), 10),
    "shift, 100 shots": Estimated(parameter_shift(), 100),
    "SPSA, 100 shots": Estimated(spsa(SIZE), 100),
    "SPSA, 1000 shots": Estimated(spsa(SIZE), 1000),
}
STUDENTS = ("real_amplitudes",)


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own split, teacher and initialization.
        epochs: Epochs of each training.
        estimators: How gradients are estimated, a name with its shots each.
        seed: Another number draws other splits and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    estimators: tuple[str, ...] = tuple(ESTIMATORS)
    seed: int = 0


def student(name: str, estimator: str) -> QuantumStudent:
    """Returns the student, which reads the shots of the estimator."""
    checks.one_of("student", name, STUDENTS)
    checks.one_of("estimators", estimator, tuple(ESTIMATORS))
    circuit = real_amplitudes(qubits=QUBITS, layers=LAYERS)
    simulator = simulators.shots(ESTIMATORS[estimator].shots)
    return QuantumStudent(circuit, CLASSES, encodings.angle, simulator=simulator)


def executions(estimator: str, examples: int) -> int:
    """Returns the executions of an epoch: circuits, times shots, of the batches that so many examples fill."""
    circuits = ESTIMATORS[estimator].estimator.executions(student(STUDENTS[0], estimator))
    return int(circuits or 0) * ESTIMATORS[estimator].shots * (examples - examples % BATCH)


def places(estimator: str, examples: int, epochs: int) -> np.ndarray:
    """Returns the last epoch [budgets] within each budget; -1 where it allows no epoch, or allows more of them."""
    spent = executions(estimator, examples) * np.arange(1, epochs + 1.0)
    last = np.searchsorted(spent, BUDGETS, side="right") - 1
    return np.where(np.asarray(BUDGETS) > spent[-1], -1, last)
