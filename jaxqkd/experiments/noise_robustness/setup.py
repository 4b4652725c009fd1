"""The set-up of the experiment: data sets, students, and the noise of their circuits."""

import dataclasses
from typing import Any, NamedTuple

from jaxqkd import checks
from jaxqkd.circuits import hea, universal
from jaxqkd.models import MLP, QuantumStudent
from jaxqkd.quantum.noise.channels import depolarizing, readout_error
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.types import Model

NAME, VERSION = "noise_robustness", 1
EPOCHS, SEEDS, EXAMPLES = 300, 32, 1000
LEARNING_RATE = 0.1
"""Of the students, as in the seed study."""
STRENGTHS = (0.0, 0.003, 0.01, 0.03, 0.1)
"""Probabilities at which students are judged; see `noise`."""
TRAINED = (0.0, 0.03)
"""Probabilities under which they are trained."""
SHOTS = (0, 1000, 100)
"""Shots for each example when students are judged; 0 stands for exact expectation values."""
TEMPERATURE, ALPHA = 2.0, 0.5
"""Of the distilled students; chosen beforehand, not by any result."""


class Task(NamedTuple):
    """A data set and the size of its students.

    Attributes:
        qubits: Qubits of a student, which hold the features as amplitudes.
        layers: Its layers.
        classes: Classes of the data.
        fractions: Shares of training, validation and test rows.
    """

    qubits: int
    layers: int
    classes: int
    fractions: tuple[float, float, float]


DATASETS = {
    "xor": Task(qubits=6, layers=5, classes=3, fractions=(0.8, 0.1, 0.1)),
    "wine": Task(qubits=4, layers=5, classes=3, fractions=(0.5, 0.2, 0.3)),
}
ANSAETZE = {"hea": hea, "universal": universal}
STUDENTS = tuple(ANSAETZE)
TEACHER: Model = MLP(features=(16, 8), classes=3)


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own data or split, teachers and initializations.
        epochs: Epochs of each training; the epoch with the least validation loss counts.
        students: Which students, out of hea universal.
        datasets: Which data, out of xor wine; wine needs the extra `data`.
        seed: Another number draws other data, splits and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    students: tuple[str, ...] = STUDENTS
    datasets: tuple[str, ...] = tuple(DATASETS)
    seed: int = 0


def student(name: str, dataset: str) -> QuantumStudent:
    """Returns a student, without noise."""
    checks.one_of("student", name, STUDENTS)
    checks.one_of("dataset", dataset, tuple(DATASETS))
    task = DATASETS[dataset]
    return QuantumStudent(ANSAETZE[name](qubits=task.qubits, layers=task.layers), classes=task.classes)


def noise(p: Any) -> NoiseModel:
    """Returns the noise of a device whose two-qubit gates depolarize with probability p.

    Every two-qubit gate is followed by depolarizing noise of probability p, and every one-qubit gate by that of
    p / 10, as error rates of present devices relate; the readout flips a bit with probability p. p may be traced.
    """
    return NoiseModel(
        one_qubit_gates=depolarizing(p / 10),
        two_qubit_gates=depolarizing(p, qubits=2),
        confusion=readout_error(p, p),
    )
