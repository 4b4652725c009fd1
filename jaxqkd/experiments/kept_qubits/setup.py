"""The set-up of the experiment: sets of kept qubits, when the others are measured, and the rules of decision."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import universal
from jaxqkd.experiments.piperno2024.setup import CLASSES, EPOCHS, LAYERS, QUBITS
from jaxqkd.models import QuantumStudent

NAME, VERSION, STUDENT = "kept_qubits", 1, "selective"
SEEDS = 64
SETS = tuple(
    "".join(map(str, qubits))
    for size in range(1, QUBITS + 1)
    for qubits in itertools.combinations(range(QUBITS), size)
)
"""All 63 sets of kept qubits, such as "45" for qubits 4 and 5, by size."""
MEASURED = ("never", "one", "every")
"""When the qubits that are not kept are measured: never, one of them after each layer in turn, or all of them."""
OF_THE_STUDY = {"q2": "45", "q3": "345", "q4": "2345", "q5": "12345"}
"""The seed study's students, by our reading: the last qubits are kept."""
WITHIN = 0.01
"""F1 within which a set counts as as good as the best one."""

RULE = f"""\
Written on 2026-11-24, before any training of this experiment. The score is
weighted F1 on test rows; a seed has its own data, teacher and initialization, and
all its sets, settings and measurements share them. Sets are compared with sets of
their size alone. All seeds count whose trainings are complete, as many as the
time allowed. p is Wilcoxon's, corrected by Holm's method over the rows of a table.

The teacher's choice: r(j) is the sum over training rows and classes of the squared
gradient of the teacher's logits, without their mean over classes, by amplitude j:
the input gradient times the norm of the row, without its part along the state.
The teacher keeps the set of a given size for which two amplitudes drawn by r
differ most often in a kept bit; of equal sets, the first.

1 Where do q2 to q5 lie?      F1 of the study's set minus the mean F1 of all sets
  of its size, by seed: "better" or "worse than a random set" if p < 0.05.
2 Does the teacher choose better than chance?   F1 of the teacher's set minus the
  mean F1 of all sets of its size, by seed, likewise. Yes if "better" in every row.
3 Is its choice within {WITHIN} of the best set?   The best set is that of the highest
  mean F1 over the seeds of even number, judged on the odd ones, and the other way
  round, so that it is not flattered by its selection. Best minus teacher's, by
  seed: "within" if the upper end of the mean's 95 % interval is below {WITHIN},
  "not within" if the lower end is above it, else "open". Yes if "within" in every
  row, no if "not within" in one.

Predicted: q2 to q5 are better than random sets, since they hold qubit 5, in which
the two features that set the class differ; so 2 and 3 are answered yes."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds; each draws its own data, teacher and initialization.
        epochs: The largest number of epochs of a training.
        kept: Sets of kept qubits, such as 45 for qubits 4 and 5.
        measured: When the others are measured, out of never one every.
        seed: Another number draws other data and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    kept: tuple[str, ...] = SETS
    measured: tuple[str, ...] = MEASURED
    seed: int = 0


def student() -> QuantumStudent:
    """Returns the student of which a set of kept qubits takes its part: all qubits turn about Y and are read."""
    circuit = universal(qubits=QUBITS, layers=LAYERS, measured=range(QUBITS))
    return QuantumStudent(circuit, classes=CLASSES)


def kept_bits(names: Sequence[str]) -> np.ndarray:
    """Returns which qubits each set keeps, [sets, Q]."""
    for name in names:
        checks.one_of("kept", name, SETS)
    return np.asarray([[str(qubit) in name for qubit in range(QUBITS)] for name in names])


def dephased(kept: np.ndarray, measured: str) -> np.ndarray:
    """Returns which qubits are measured after each layer [L, Q], their outcome thrown away, for kept qubits [Q].

    "one" takes the qubits that are not kept in turn, as the seed study's students do.
    """
    checks.one_of("measured", measured, MEASURED)
    others = np.flatnonzero(~kept)
    lost = np.zeros((LAYERS, QUBITS), bool)
    for layer in range(LAYERS if len(others) else 0):
        if measured == "one":
            lost[layer, others[layer % len(others)]] = True
        if measured == "every":
            lost[layer, others] = True
    return lost
