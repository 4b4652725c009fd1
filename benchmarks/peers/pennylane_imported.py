"""jaxqkd's training of the student that `from_pennylane` makes of PennyLane's own circuit."""

import numpy as np

import jaxqkd as jq
from benchmarks import ours
from benchmarks.peers import pennylane_parts, support
from benchmarks.work import CLASSES, Implementation, Work, examples


def implementation(work: Work) -> Implementation:
    """Returns jaxqkd's implementation of the work, its circuit read from PennyLane."""
    support.check(work, encodings=("amplitude", "angle", "reuploading"))
    function = pennylane_parts.circuit(work, pennylane_parts.entangling(work))
    shapes = {"inputs": examples(work).x[0], "theta": np.zeros((work.layers, work.qubits, 3))}
    student = jq.models.student_of(jq.circuits.from_pennylane(function, shapes), classes=CLASSES)
    return ours.training(student, ours.data(work), work)
