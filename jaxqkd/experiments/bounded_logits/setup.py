"""The set-up of the experiment: data sets, students, and the losses with their weights."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

from jaxqkd import checks, losses
from jaxqkd.circuits import hea
from jaxqkd.models import MLP, Linear, QuantumStudent
from jaxqkd.quantum.encodings import amplitude, angle
from jaxqkd.types import Loss, Model

NAME, VERSION = "bounded_logits", 1
EPOCHS, SEEDS, LEARNING_RATE = 200, 64, 0.03
TEMPERATURES = (0.5, 1.0, 2.0, 4.0)
LABELS, NOISE = 30, 0.2
"""Training examples of a student; share of wrong labels of the XOR, the student's and the teacher's."""


class Task(NamedTuple):
    """A data set.

    Attributes:
        classes: Number of classes; a student without a head needs as many qubits.
        qubits: Qubits of a student.
        teacher_rows: Rows that the teacher is fitted on, including the student's.
        test_rows: Test rows.
    """

    classes: int
    qubits: int
    teacher_rows: int
    test_rows: int


DATASETS = {
    "xor": Task(classes=3, qubits=4, teacher_rows=2000, test_rows=1000),
    "wine": Task(classes=3, qubits=4, teacher_rows=100, test_rows=60),
    "digits": Task(classes=6, qubits=6, teacher_rows=600, test_rows=400),
}
"""The continuous XOR of `payoff`, wine, and the digits 0 to 5."""
STUDENTS = ("bounded", "unbounded", "linear")
"""An HEA student without a head, the same with a linear one, and a linear model."""


def teacher(dataset: str) -> Model:
    """Returns the teacher of a data set."""
    return MLP(features=(32, 32), classes=DATASETS[dataset].classes)


def student(name: str, dataset: str) -> Model:
    """Returns a student: for "linear" a linear model, else three layers of HEA.

    The circuit encodes the digits' pixels as amplitudes, and other features as angles by a trained input layer.

    Raises:
        ValueError: On an unknown name or data set.
    """
    checks.one_of("student", name, STUDENTS)
    checks.one_of("dataset", dataset, tuple(DATASETS))
    task = DATASETS[dataset]
    if name == "linear":
        return Linear(classes=task.classes)
    measured = tuple(range(task.classes)) if name == "bounded" else None
    return QuantumStudent(
        hea(qubits=task.qubits, layers=3),
        classes=task.classes,
        encoding=amplitude if dataset == "digits" else angle,
        input_width=None if dataset == "digits" else task.qubits,
        measured=measured,
        head="none" if name == "bounded" else "linear",
    )


Method = Callable[[Any, Any], Loss]
"""A function that returns a loss for a temperature, and for the smoothing with the teacher's mean confidence."""


def _half(loss: Loss) -> Loss:
    return losses.mix((0.5, losses.hard()), (0.5, loss))


def _beside(weight: float, loss: Loss) -> Loss:
    return losses.mix((1.0, losses.hard()), (weight, loss))


WITH_TEMPERATURE: dict[str, Method] = {
    "kd": lambda t, s: losses.kd(t, 0.5),
    "reverse_kl": lambda t, s: _half(losses.reverse_kl(t)),
    "jensen_shannon": lambda t, s: _half(losses.jensen_shannon(t)),
    "standardized": lambda t, s: _half(losses.standardized(losses.soft(t))),
    "dkd": lambda t, s: _beside(1.0, losses.dkd(t, alpha=1.0, beta=8.0)),
    "dist": lambda t, s: _beside(2.0, losses.dist(t)),
}
WITHOUT: dict[str, Method] = {
    "none": lambda t, s: losses.hard(),
    "label_smoothing": lambda t, s: losses.label_smoothing(s),
    "mse_logits": lambda t, s: _half(losses.mse_logits()),
    "rkd_distance": lambda t, s: _beside(25.0, losses.rkd_distance()),
    "rkd_angle": lambda t, s: _beside(50.0, losses.rkd_angle()),
    "similarity": lambda t, s: _beside(3000.0, losses.similarity_preserving()),
    "fidelity": lambda t, s: _beside(1.0, losses.fidelity_relations()),
}
METHODS = WITHOUT | WITH_TEMPERATURE
"""The losses that are compared, a fixed list. Half labels and half teacher, or the weights that the papers give
beside the cross-entropy: 1 for the terms of DKD (alpha 1, beta 8), 2 for DIST, 25 and 50 for RKD, 3000 for
similarity; fidelity relations have 1, since their paper weighs them task by task."""
CASES = {name: (name, 1.0) for name in WITHOUT} | {
    f"{name}, T={t:g}": (name, t) for name in WITH_TEMPERATURE for t in TEMPERATURES
}
"""Method and temperature of each case of the study, by name."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own rows, teachers and initializations.
        epochs: Epochs of each training.
        students: Which students, out of bounded unbounded linear.
        datasets: Which data, out of xor wine digits; the latter two need the extra `data`.
        methods: Which losses, out of label_smoothing mse_logits rkd_distance rkd_angle similarity fidelity kd
            reverse_kl jensen_shannon standardized dkd dist; none, which all are compared with, is always there.
        seed: Another number draws other rows, teachers and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    students: tuple[str, ...] = STUDENTS
    datasets: tuple[str, ...] = tuple(DATASETS)
    methods: tuple[str, ...] = tuple(METHODS)
    seed: int = 0
