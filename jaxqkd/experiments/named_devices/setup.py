"""The set-up of the experiment: the data, the student, the devices, and the rule of the verdicts.

It was chosen before any run of the experiment. What was expected: a calibration's noise mostly shrinks <Z>, which
the trained head makes up for, so most students survive on most devices, and distillation adds little to that.
"""

import dataclasses
import functools
import warnings
from collections.abc import Mapping

from jaxqkd import checks, devices
from jaxqkd.circuits import universal
from jaxqkd.devices import Compiled
from jaxqkd.models import MLP, QuantumStudent
from jaxqkd.types import Model

NAME, VERSION = "named_devices", 1
EPOCHS, SEEDS = 300, 32
QUBITS, LAYERS, CLASSES = 4, 10, 3
"""Of the student. Its entanglers form a chain, which fits every device without swaps."""
FRACTIONS = (0.5, 0.2, 0.3)
"""Shares of training, validation and test rows of wine, as in `noise_robustness`."""
LEARNING_RATE, TEMPERATURE, ALPHA = 0.1, 2.0, 0.5
"""As in `noise_robustness`."""
DEVICES = ("fez", "torino", "sherbrooke", "kyiv", "hanoi")
"""Two with CZ, two with ECR, and an older one with CNOT."""
CLEAN = "clean"
"""Stands for no device, in training and in judging."""
MARGIN = 0.05
"""The loss of macro F1 up to which a student survives."""
STUDENT = "universal"
TEACHER: Model = MLP(features=(16, 8), classes=CLASSES)


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own split, teacher and initializations.
        epochs: Epochs of each training; the epoch with the least validation loss counts.
        devices: Which devices, by the names that ship with qiskit-ibm-runtime; needs the extras `devices`,
            `export` and `data`.
        seed: Another number draws other splits and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    devices: tuple[str, ...] = DEVICES
    seed: int = 0


def student() -> QuantumStudent:
    """Returns the student, without noise and on no device."""
    return QuantumStudent(universal(qubits=QUBITS, layers=LAYERS), classes=CLASSES)


@functools.cache
def placed(name: str, date: str) -> tuple[Compiled, QuantumStudent]:
    """Returns the student compiled for the best qubits of a device, and under its noise.

    Raises:
        ValueError: If the calibration at hand is not of the date.
    """
    device = devices.load(name)
    cure = (
        "Results of several calibrations cannot be joined; install the version of qiskit-ibm-runtime that has it."
    )
    checks.require(device.date == date, "device", f"have the calibration of {date}", repr(device), cure)
    model = student()
    compiled = device.compile(model.circuit)
    return compiled, compiled.student(model).clone(noise=device.noise(compiled))


def calibrations(names: tuple[str, ...]) -> Mapping[str, str]:
    """Returns the date of each device's calibration by its name; warns of absurd entries of qubits in use."""
    dates = {name: devices.load(name).date for name in names}
    for name, date in dates.items():
        placed(name, date)
    return dates


def at(name: str, dates: Mapping[str, str]) -> QuantumStudent:
    """Returns the student as it is on a device, or without noise for `CLEAN`."""
    if name == CLEAN:
        return student()
    checks.one_of("device", name, (CLEAN, *dates))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # `calibrations` has given them
        return placed(name, dates[name])[1]
