"""The set-up of the experiment: sizes, settings, teacher and students."""

import dataclasses

from jaxqkd.circuits import hea, universal
from jaxqkd.models import MLP, Linear, QuantumStudent
from jaxqkd.quantum.encodings import angle
from jaxqkd.types import Model

NAME, VERSION = "payoff", 1
CLASSES, QUBITS, LAYERS = 3, 4, 3
TRAIN_SIZES = (30, 60, 200)
LABEL_NOISE = (0.0, 0.2)
TEMPERATURES = (1.0, 2.0, 4.0)
ALPHAS = (0.0, 0.5, 0.9)
TEACHER_EXAMPLES, TEST_EXAMPLES = 2000, 1000
EPOCHS, SEEDS, LEARNING_RATE = 300, 32, 0.03

TEACHER: Model = MLP(features=(32, 32), classes=CLASSES)
STUDENTS: dict[str, Model] = {
    "linear": Linear(classes=CLASSES),
    "mlp": MLP(features=(10,), classes=CLASSES),
    "hea": QuantumStudent(hea(qubits=QUBITS, layers=LAYERS), classes=CLASSES, encoding=angle, input_width=QUBITS),
    "universal": QuantumStudent(
        universal(qubits=QUBITS, layers=LAYERS), classes=CLASSES, encoding=angle, input_width=QUBITS
    ),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own data, teachers and initializations.
        epochs: Epochs of each training.
        students: Which students, out of linear mlp hea universal.
        seed: Another number draws other data and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    students: tuple[str, ...] = tuple(STUDENTS)
    seed: int = 0
