"""The set-up of the experiment: which students a user may choose, and how features become their states."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxqkd import checks, controls
from jaxqkd.circuits import Circuit, check_size, hea, real_amplitudes, reuploading, strongly_entangling, universal
from jaxqkd.data import Reduction, fit_reduction
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import encodings
from jaxqkd.types import Model

NAME, VERSION = "own_data", 1
EPOCHS, SEEDS = 200, 64
MOST_QUBITS = 4
"""Most qubits by default."""
LAYERS = 3


class Choice(NamedTuple):
    """A student, as the user chooses it.

    Attributes:
        ansatz: A name of `ANSAETZE`.
        qubits: Number of qubits Q.
        layers: Number of layers L.
        encoding: A name of `ENCODINGS`.
    """

    ansatz: str = "hea"
    qubits: int = MOST_QUBITS
    layers: int = LAYERS
    encoding: str = "angle"


def _reuploading(*, qubits: int, layers: int) -> Circuit:
    return reuploading(hea(qubits=qubits, layers=layers), features=qubits)


ANSAETZE: Mapping[str, Callable[..., Circuit]] = {
    "hea": hea,
    "universal": universal,
    "strongly_entangling": strongly_entangling,
    "real_amplitudes": real_amplitudes,
    "reuploading": _reuploading,
}
ENCODINGS = ("angle", "amplitude")


def choose(ansatz: str, features: int, *, qubits: int | None, layers: int, encoding: str) -> Choice:
    """Returns the checked choice of a student for data with that number of features.

    Without a number of qubits, angle encoding takes as many as there are features, 4 at most, and amplitude
    encoding as few as hold all features.

    Raises:
        ValueError: If a name is unknown, or the features do not fit the qubits.
    """
    checks.one_of("student", ansatz, tuple(ANSAETZE))
    checks.one_of("encoding", encoding, ENCODINGS)
    if qubits is None:
        qubits = min(features, MOST_QUBITS) if encoding == "angle" else max(features - 1, 1).bit_length()
    check_size(qubits=qubits, layers=layers)
    if encoding == "angle":
        cure = 'Choose fewer qubits, or encoding "amplitude".'
        must = f"be at most the {features} features for angle encoding"
        checks.require(qubits <= features, "qubits", must, qubits, cure)
    fits = ansatz != "reuploading" or encoding == "angle"
    checks.require(fits, "encoding", 'be "angle" for reuploading, whose gates read angles', repr(encoding))
    return Choice(ansatz, qubits, layers, encoding)


def student(choice: Choice, classes: int) -> QuantumStudent:
    """Returns the student of a choice: its circuit behind its encoding, and a linear head."""
    circuit = ANSAETZE[choice.ansatz](qubits=choice.qubits, layers=choice.layers)
    encoding = encodings.zero if choice.ansatz == "reuploading" else getattr(encodings, choice.encoding)
    return QuantumStudent(circuit, classes=classes, encoding=encoding)


@functools.cache
def students(choice: Choice, classes: int, features: int) -> dict[str, Model]:
    """Returns the student by the name of its ansatz, and its controls by theirs, for reduced features."""
    model = student(choice, classes)
    return {choice.ansatz: model, **controls.students(model, features)}


def width(choice: Choice, features: int) -> int:
    """Returns the number of reduced features that the student's encoding takes."""
    return choice.qubits if choice.encoding == "angle" else min(features, 2**choice.qubits)


def reduction(choice: Choice, x: np.ndarray) -> Reduction:
    """Returns the reduction, fitted on training features x [N, D], to those of the student's encoding.

    For angles: the first Q principal components, each scaled onto [0, pi]. For amplitudes: the standardized
    features, or as many components as the qubits hold. Components beyond the rank of x are constant.
    """
    wanted = width(choice, x.shape[1])
    if choice.encoding == "amplitude":
        fitted, middle = fit_reduction(x, features=None if wanted == x.shape[1] else wanted), 0.0
    else:
        fitted, middle = fit_reduction(x, features=wanted, span=(0.0, math.pi)), math.pi / 2
    lacking = wanted - fitted.components.shape[1]
    ends = {"factor": 0.0, "offset": middle, "explained": 0.0}
    padded = {
        name: jnp.pad(getattr(fitted, name), (0, lacking), constant_values=end) for name, end in ends.items()
    }
    return fitted._replace(components=jnp.pad(fitted.components, ((0, 0), (0, lacking))), **padded)
