"""The work that is timed: sizes, data, first parameters and loss, the same NumPy arrays for every implementation.

A work is a training of the hybrid student: features to a state, L layers of RZ, RY, RZ on every qubit and a ring
of CNOTs, <Z> of every qubit, a linear layer to the logits of three classes. Its loss is the seed study's, the mean
cross-entropy plus the KL divergence from the teacher, summed over the examples; its optimizer is Adam.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

CLASSES = 3
DEPOLARISING = 0.02
LEARNING_RATE = 0.01

Start = dict[str, np.ndarray]
"""Parameters by name: `theta` [L, 3 Q], ordered as [Q, (RZ, RY, RZ)] a layer; `kernel` [Q, C] and `bias` [C] of
the last layer; with an input layer, `input_kernel` [D, Q] and `input_bias` [Q]. For S seeds, with a leading axis
S."""


class Work(NamedTuple):
    """Sizes of a training.

    Attributes:
        name: What the report calls it.
        qubits: Number of qubits Q.
        layers: Number of layers L.
        examples: Number of examples N.
        features: Number of features D.
        encoding: "amplitude" for features as amplitudes; "angle" for RY(feature i) on qubit i; "reuploading" for
            the same before every layer.
        has_input: Whether a trained linear layer turns the D features into the Q angles.
        batch_size: Examples a gradient step, or None for all.
        noise: "" for none; "layers" for depolarizing noise on every qubit after every layer; "gates" for the same
            after every gate, on both qubits together where it has two; "pairs" for the same followed by thermal
            relaxation, with strengths that differ by qubit and by pair. Its probability is `DEPOLARISING`.
    """

    name: str
    qubits: int = 6
    layers: int = 5
    examples: int = 800
    features: int = 64
    encoding: str = "amplitude"
    has_input: bool = False
    batch_size: int | None = None
    noise: str = ""


class Examples(NamedTuple):
    """Features [N, D], logits of a teacher [N, C] and labels [N]."""

    x: np.ndarray
    teacher: np.ndarray
    labels: np.ndarray


class Implementation(NamedTuple):
    """One way to do a work.

    Attributes:
        gradient: Returns the loss over all examples, and its gradient, at one seed's parameters.
        train: Trains each of the given seeds, `(starts [S, ...], epochs)`, for so many epochs, and returns when
            all is done.
    """

    gradient: Callable[[Start], tuple[float, Start]]
    train: Callable[[Start, int], None]


def examples(work: Work) -> Examples:
    """Returns the work's examples: random bits where they are amplitudes, else angles within half a turn."""
    rng = np.random.default_rng(1)
    shape = (work.examples, work.features)
    x = rng.integers(0, 2, shape) if work.encoding == "amplitude" else rng.uniform(-np.pi / 2, np.pi / 2, shape)
    labels = rng.integers(0, CLASSES, work.examples)
    teacher = 4.0 * np.eye(CLASSES)[labels] + rng.normal(size=(work.examples, CLASSES))
    return Examples(x.astype(np.float32), teacher.astype(np.float32), labels.astype(np.int32))


def starts(work: Work, seeds: int) -> Start:
    """Returns the first parameters of so many seeds."""
    rng = np.random.default_rng(2)
    drawn = {
        "theta": rng.uniform(0, 2 * np.pi, (seeds, work.layers, 3 * work.qubits)),
        "kernel": rng.normal(size=(seeds, work.qubits, CLASSES)) / np.sqrt(work.qubits),
        "bias": np.zeros((seeds, CLASSES)),
    }
    if work.has_input:
        shape = (seeds, work.features, work.qubits)
        drawn["input_kernel"] = rng.normal(size=shape) / np.sqrt(work.features)
        drawn["input_bias"] = np.zeros((seeds, work.qubits))
    return {name: values.astype(np.float32) for name, values in drawn.items()}
