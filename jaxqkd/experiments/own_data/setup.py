"""The set-up of the experiment: which students a user may choose, and how features become their states."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxqkd import checks, controls, memory
from jaxqkd.circuits import (
    Circuit,
    Imported,
    check_size,
    from_qasm,
    hea,
    real_amplitudes,
    reuploading,
    strongly_entangling,
    universal,
)
from jaxqkd.data import Reduction, fit_reduction
from jaxqkd.models import QuantumStudent, student_of
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
        ansatz: A name of `ANSAETZE`, or of the file of the user's own circuit.
        qubits: Number of qubits Q.
        layers: Number of layers L.
        encoding: A name of `ENCODINGS`.
        program: The user's own circuit in OpenQASM, or None.
        trained: Names of its inputs that are trained, none for `from_qasm`'s own.
        features: Names of its inputs that are features, likewise.
    """

    ansatz: str = "hea"
    qubits: int = MOST_QUBITS
    layers: int = LAYERS
    encoding: str = "angle"
    program: str | None = None
    trained: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """Returns the choice for a study's description, in which an ansatz of ours is as it always was."""
        fields = self._asdict()
        return fields if self.program is not None else {name: fields[name] for name in self._fields[:4]}


def choice_of(described: Mapping[str, Any]) -> Choice:
    """Returns the choice of a study's description, in which tuples may have become lists."""
    fields: dict[str, Any] = dict(described)
    names = {name: tuple(fields.get(name, ())) for name in ("trained", "features")}
    return Choice(**fields | names)


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


def choose_circuit(
    name: str,
    program: str,
    features: int,
    *,
    trained: tuple[str, ...] = (),
    driven: tuple[str, ...] = (),
    encoding: str = "angle",
) -> Choice:
    """Returns the checked choice of a user's own circuit for data with that number of features.

    Args:
        name: What the student is called.
        program: The circuit in OpenQASM.
        features: Number of features of the data.
        trained: Names of the circuit's inputs that are trained, or none for those of `from_qasm`.
        driven: Names of its inputs that are features, likewise.
        encoding: How features become states, where the circuit has no inputs that are features.

    Raises:
        ValueError: If the program cannot be read, trains nothing, or does not fit the data.
    """
    checks.one_of("encoding", encoding, ENCODINGS)
    imported = _read(program, trained, driven)
    circuit = imported.circuit
    cure = "Write its angles as inputs: `input float theta_0;`, and `ry(theta_0) q[0];`."
    checks.require(circuit.shape[1] > 0, "circuit", "have trained angles", "without any", cure)
    memory.check_states(circuit.qubits, 1)
    reads = len(imported.features)
    cure = "Give the data more columns, or the circuit fewer features."
    must = f"read at most the {features} features of the data"
    checks.require(reads <= features, "circuit", must, f"one that reads {reads}", cure)
    good = reads == 0 or encoding == "angle"
    checks.require(good, "encoding", 'be "angle" for a circuit that reads features', repr(encoding))
    choice = Choice(name, circuit.qubits, circuit.layers, encoding, program, trained, driven)
    fits = reads > 0 or encoding == "amplitude" or circuit.qubits <= features
    must = f"have at most {features} qubits, one a feature, for angle encoding"
    checks.require(fits, "circuit", must, f"one of {circuit.qubits}", 'Choose encoding "amplitude".')
    return choice


@functools.lru_cache(maxsize=16)
def _read(program: str, trained: tuple[str, ...], features: tuple[str, ...]) -> Imported:
    return from_qasm(program, trained=trained or None, features=features or None)


def _own(choice: Choice) -> Imported | None:
    """Returns the user's own circuit, or None for an ansatz of ours."""
    return None if choice.program is None else _read(choice.program, choice.trained, choice.features)


def student(choice: Choice, classes: int) -> QuantumStudent:
    """Returns the student of a choice: its circuit behind its encoding, and a linear head."""
    own = _own(choice)
    if own is not None:
        model = student_of(own, classes=classes)
        return model if own.features else model.clone(encoding=getattr(encodings, choice.encoding))
    circuit = ANSAETZE[choice.ansatz](qubits=choice.qubits, layers=choice.layers)
    encoding = encodings.zero if choice.ansatz == "reuploading" else getattr(encodings, choice.encoding)
    return QuantumStudent(circuit, classes=classes, encoding=encoding)


@functools.cache
def students(choice: Choice, classes: int, features: int) -> dict[str, Model]:
    """Returns the student by the name of its ansatz, and its controls by theirs, for reduced features."""
    model = student(choice, classes)
    return {choice.ansatz: model, **controls.students(model, features)}


def width(choice: Choice, features: int) -> int:
    """Returns the number of reduced features that the student's encoding, or its circuit, takes."""
    own = _own(choice)
    if own is not None and own.features:
        return len(own.features)
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
