"""The set-up of the experiment: tasks, teachers and students."""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import hea
from jaxqkd.data import Mixture, xor_mixture
from jaxqkd.models import MLP, ObservableStudent, QuantumStudent
from jaxqkd.models.wrappers import Frozen
from jaxqkd.quantum.encodings import amplitude, angle
from jaxqkd.types import Model

NAME, VERSION = "mechanisms", 1
CLASSES, FEATURES, QUBITS, LAYERS = 3, 4, 4, 3
ROWS = (15, 30, 60, 200, 800)
"""Numbers of labeled examples; smaller sets are the first rows of larger ones."""
LABEL_NOISE = (0.0, 0.1, 0.2, 0.4)
SPREADS = {"low": 0.2, "high": 0.35}
"""Standard deviation of a blob by the overlap of the classes, in units of the distance between blobs."""
REAL = ("digits", "wine", "breast_cancer", "mnist")
"""Held-out tasks, which the formula is not fitted to."""
TASKS = (*SPREADS, *REAL)
EPOCHS, SEEDS, LEARNING_RATE = 1000, 16, 0.03
TEACHER_EXAMPLES, TEST_EXAMPLES, TRANSFER = 2000, 1000, 200
TEACHER: Model = MLP(features=(16, 16), classes=CLASSES)
OVERFITTED: Model = MLP(features=(64,), classes=CLASSES)
ALPHA = 0.5
"""Weight of every teacher; chosen beforehand, as in the other experiments."""


class Teaching(NamedTuple):
    """How a student is taught.

    Attributes:
        teacher: Name of the teacher.
        temperature: Of the soft loss.
        standardized: 1.0 where the soft loss compares z-scores, which have no scale; else 0.0.
        transfer: Rows without labels that the teacher labels.
    """

    teacher: str
    temperature: float = 1.0
    standardized: float = 0.0
    transfer: int = 0


TEACHINGS = {
    "none": Teaching("none"),
    "posterior": Teaching("posterior"),
    "clean labels": Teaching("clean"),
    "trained": Teaching("trained"),
    "overfitted": Teaching("overfitted"),
    "shuffled": Teaching("shuffled"),
    "smoothing": Teaching("smoothing"),
    "trained, T = 4": Teaching("trained", temperature=4.0),
    "trained, T = 4, standardized": Teaching("trained", temperature=4.0, standardized=1.0),
    "born again": Teaching("itself"),
    "trained, transfer rows": Teaching("trained", transfer=TRANSFER),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own data, teachers and initializations.
        epochs: Steps of each training; students are judged after a twentieth, a fifth and all of them.
        students: Which students, out of head no_head amplitude mlp frozen observable.
        tasks: Which tasks: low high are mixtures by the overlap of their classes; digits wine breast_cancer mnist
            are the held-out ones (extra `data`), which have at most 60 rows for the students.
        rows: Numbers of training rows.
        quick: A few seeds, rows and students, for a look at what comes out; overrides these options.
        seed: Another number draws other data and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    students: tuple[str, ...] = ("head", "no_head", "amplitude", "mlp", "frozen", "observable")
    tasks: tuple[str, ...] = ("low",)
    rows: tuple[int, ...] = ROWS
    quick: bool = False
    seed: int = 0


def scaled_angle(x: jax.Array, qubits: int) -> jax.Array:
    """Returns product states turned about y by pi times the features, so that blobs lie a right angle apart."""
    return angle(np.pi * x, qubits)


def with_constant(x: jax.Array, qubits: int) -> jax.Array:
    """Returns states whose amplitudes are the features and a constant 1, so that x and -x differ."""
    return amplitude(jnp.concatenate([x, jnp.ones_like(x[..., :1])], axis=-1), qubits)


HEAD = QuantumStudent(hea(qubits=QUBITS, layers=LAYERS), classes=CLASSES, encoding=scaled_angle)
STUDENTS: dict[str, Model] = {
    "head": HEAD,
    "no_head": HEAD.clone(head="none", measured=tuple(range(CLASSES))),
    "amplitude": HEAD.clone(encoding=with_constant),
    "mlp": MLP(features=(6,), classes=CLASSES),
    "frozen": Frozen(HEAD),
    "observable": ObservableStudent(scaled_angle, qubits=QUBITS, classes=CLASSES),
}
"""By name; `mlp` has as many parameters as `head`, `observable` is the optimum of `head` over all circuits."""


def steps(epochs: int) -> tuple[int, ...]:
    """Returns the numbers of steps after which students are judged."""
    return tuple(max(1, epochs // share) for share in (20, 5, 1))


def mixture(overlap: str) -> Mixture:
    """Returns the mixture of a task: class is the number of positive features modulo 3, over three of four."""
    checks.one_of("task", overlap, tuple(SPREADS))
    blobs = xor_mixture(classes=CLASSES, features=FEATURES - 1, cells=2, spread=SPREADS[overlap])
    return blobs._replace(centers=jnp.pad(blobs.centers, ((0, 0), (0, 1))))


@functools.cache
def table(task: str) -> Any:
    """Returns the rows of a held-out task, reduced to four principal components of standard deviation 1/2.

    Of digits and MNIST it keeps 3, 5 and 8. Components are fitted without labels, over all rows.
    """
    from jaxqkd import data

    rows = getattr(data, task)()
    x, labels = np.asarray(rows.x, float), np.asarray(rows.labels)
    if task in ("digits", "mnist"):
        kept = np.isin(labels, (3, 5, 8))
        x, labels = x[kept], np.searchsorted((3, 5, 8), labels[kept])
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation if task in ("wine", "breast_cancer") else 1, 1)
    left, values, _ = np.linalg.svd(x, full_matrices=False)
    first = left[:, :FEATURES] * values[:FEATURES]
    return data.from_arrays((first / first.std(axis=0) / 2).astype(np.float32), labels)
