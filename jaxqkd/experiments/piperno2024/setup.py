"""The set-up of the seed study as published: sizes, teacher, students, readings, and the paper's figures."""

import dataclasses
import functools
from typing import NamedTuple

from jaxqkd import checks
from jaxqkd.circuits import hea, universal
from jaxqkd.models import MLP, Linear, QuantumStudent, count_parameters
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.types import Model

NAME, VERSION = "piperno2024", 1
QUBITS, LAYERS, FEATURES, CLASSES, EXAMPLES = 6, 5, 64, 3, 1000
FRACTIONS = (0.8, 0.1, 0.1)
EPOCHS, PATIENCE, LEARNING_RATE, SEEDS = 300, 50, 0.1, 12

TEACHER: Model = MLP(features=(16, 8), classes=CLASSES)
TEACHER_PARAMETERS = 1203
# The published linear student with distillation has F1 1.000 with variance 0.000, so every teacher was right on
# every example. At the students' rate of 0.1 most teachers collapse to one class; at 0.03 and below none did.
TEACHER_LEARNING_RATE = 0.01


class Reading(NamedTuple):
    """A reading of the published training where the paper leaves it open.

    Attributes:
        on: What the cross-entropy acts on: "logits", or "probabilities" for a softmax before its own.
        kl: "sum" of the divergence over the examples, as printed in the paper, or its "mean".
        scale: Factor between a trained angle and the rotation of its gate.
        keep: The parameters that are scored: those of the "best" validation loss, or the "last" ones.
    """

    on: str
    kl: str
    scale: float
    keep: str


READINGS = {
    "logits": Reading(on="logits", kl="sum", scale=1.0, keep="best"),
    "softmax-twice": Reading(on="probabilities", kl="sum", scale=1.0, keep="best"),
    "unstable": Reading(on="probabilities", kl="mean", scale=4.0, keep="last"),
}


class Published(NamedTuple):
    """The paper's figures for one student: parameters, and mean and variance of F1 over 12 seeds.

    The means are the bar heights of its figure 1, the variances the numbers in brackets there.
    """

    parameters: int
    f1_without: float
    variance_without: float
    f1_with: float
    variance_with: float


PUBLISHED = {
    "linear": Published(195, 0.353, 0.011, 1.000, 0.000),
    "hea": Published(111, 0.623, 0.014, 0.700, 0.052),
    "universal": Published(106, 0.530, 0.061, 0.589, 0.061),
    "universal_h": Published(106, 0.579, 0.035, 0.851, 0.035),
    "q2": Published(74, 0.448, 0.024, 0.596, 0.099),
    "q3": Published(82, 0.534, 0.023, 0.475, 0.047),
    "q4": Published(90, 0.462, 0.025, 0.532, 0.060),
    "q5": Published(98, 0.465, 0.018, 0.627, 0.064),
}
STUDENTS = tuple(PUBLISHED)
MEASURED = {f"{name}_measured": name for name in STUDENTS if name.startswith("q")}
"""The other reading of selective measurement: names of students whose other qubits are measured mid-circuit."""
PUBLISHED |= {name: PUBLISHED[unread] for name, unread in MEASURED.items()}


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the study.

    Attributes:
        seeds: Number of seeds; each draws its own data, teacher and initializations. The paper has 12.
        epochs: The largest number of epochs of a training.
        students: Which students, out of linear hea universal universal_h q2 q3 q4 q5, which do not read the other
            qubits, and q2_measured q3_measured q4_measured q5_measured, which measure them mid-circuit.
        readings: Which readings of the published training, out of logits softmax-twice unstable.
        seed: Another number draws other data and initializations for all seeds.
        save: Quantum students to save for jaxqkd export, in students/NAME: the distilled one of the seed with the
            lowest validation loss, in the first reading, trained once more.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    students: tuple[str, ...] = STUDENTS
    readings: tuple[str, ...] = tuple(READINGS)
    seed: int = 0
    save: tuple[str, ...] = ()


def student(name: str) -> Model:
    """Returns a student of the study by name.

    The students q2 ... q5 read the last 2 ... 5 qubits. In q2_measured ... q5_measured the other qubits are
    measured mid-circuit, one after each layer, in turn, and the outcome is discarded: the qubit goes on without
    its coherences.

    Raises:
        ValueError: On an unknown name, or if the student does not have the published number of parameters.
    """
    checks.one_of("student", name, (*STUDENTS, *MEASURED))
    model = _student(name)
    counted = count_parameters(model, FEATURES).total
    must = f"have the published {PUBLISHED[name].parameters} parameters"
    checks.require(counted == PUBLISHED[name].parameters, "student", must, f"{name} with {counted}")
    return model


def check_teacher() -> None:
    """Refuses a teacher without the published number of parameters."""
    counted = count_parameters(TEACHER, FEATURES).total
    must = f"have the published {TEACHER_PARAMETERS} parameters"
    checks.require(counted == TEACHER_PARAMETERS, "TEACHER", must, counted)


def _student(name: str) -> Model:
    if name == "linear":
        return Linear(classes=CLASSES)
    if name == "hea":
        return QuantumStudent(hea(qubits=QUBITS, layers=LAYERS), classes=CLASSES)
    ansatz = functools.partial(universal, qubits=QUBITS, layers=LAYERS)
    if name in ("universal", "universal_h"):
        return QuantumStudent(ansatz(hadamard=name == "universal_h"), classes=CLASSES)
    measured = tuple(range(QUBITS - int(name[1]), QUBITS))
    model = QuantumStudent(ansatz(measured=measured), classes=CLASSES, measured=measured)
    if name not in MEASURED:
        return model
    others = QUBITS - len(measured)
    return model.clone(noise=NoiseModel(mid_circuit=[(layer % others,) for layer in range(LAYERS)]))
