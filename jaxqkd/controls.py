"""Controls: students and teachers that separate knowledge from regularization, and quantum from classical.

They are models and data like any others, so a study takes them as further students and settings.
"""

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.circuits import Circuit, Gate
from jaxqkd.losses.inputs import require_teacher
from jaxqkd.models import MLP, Linear, QuantumStudent, count_parameters
from jaxqkd.models.wrappers import Frozen
from jaxqkd.types import Data, Key, Model

__all__ = ["confidence", "entropy_matched", "mlp_like", "students", "teachers", "without_entanglers"]

BISECTIONS = 40
"""Halvings that find a smoothing: more than the binary digits of a number."""


def students(student: QuantumStudent, features: int) -> dict[str, Model]:
    """Returns the controls of a quantum student, by name.

    `linear` is a linear layer from the features to the logits. `mlp` is a perceptron with one hidden layer whose
    number of parameters is the nearest to the student's. `frozen` is the student with angles that keep their
    initial values, so that only its classical layers are trained. `no entanglers` is the student without its gates
    on two or more qubits; it is left out where no other gate of the student is trained.

    Args:
        student: The quantum student.
        features: Number of features D.

    Example:
        >>> from jaxqkd.circuits import hea
        >>> models = students(QuantumStudent(hea(qubits=6, layers=5), classes=3), features=64)
        >>> {name: count_parameters(model, 64).total for name, model in models.items()}
        {'linear': 195, 'mlp': 139, 'frozen': 111, 'no entanglers': 111}
    """
    checks.integer("features", features)
    models: dict[str, Model] = {
        "linear": Linear(classes=student.classes),
        "mlp": mlp_like(student, features),
        "frozen": Frozen(student),
    }
    if any(gate.theta is not None and len(gate.qubits) == 1 for gate in student.circuit.gates):
        models["no entanglers"] = student.clone(circuit=without_entanglers(student.circuit))
    return models


def mlp_like(student: Model, features: int) -> MLP:
    """Returns the perceptron with one hidden layer whose number of parameters is the nearest to the student's."""
    classes = jax.eval_shape(
        lambda key, x: student.apply(student.init(key, x), x), jax.random.key(0), jnp.zeros((1, features))
    ).shape[-1]
    total = count_parameters(student, features).total
    width = round((total - classes) / (features + 1 + classes))  # W (D + 1) + (W + 1) C parameters
    return MLP(features=(max(1, width),), classes=classes)


def without_entanglers(circuit: Circuit) -> Circuit:
    """Returns the circuit without its gates on two or more qubits, whose qubits are never entangled.

    Angles of removed gates are dropped, and the others keep their order.

    Raises:
        ValueError: If no trained angle remains.
    """
    single = [gate for gate in circuit.gates if len(gate.qubits) == 1]
    used = sorted({gate.theta for gate in single if gate.theta is not None})
    cure = "Choose another control."
    checks.require(bool(used), "circuit", "train gates on one qubit", "without such gates", cure)
    numbers = {theta: index for index, theta in enumerate(used)}
    gates = tuple(_renumbered(gate, numbers) for gate in single)
    prefix = tuple(gate for gate in circuit.prefix if len(gate.qubits) == 1)
    return Circuit(circuit.qubits, circuit.layers, gates, prefix, circuit.scale)


def teachers(key: Key, data: Data) -> dict[str, Data]:
    """Returns data with its teacher and with two that know less, by name; all have the same shapes, for stacking.

    `teacher` is the data unchanged. In `shuffled` the rows of the teacher's logits are permuted among the
    examples, so that they no longer belong to them. In `smoothed` the teacher predicts the label with its own mean
    confidence and spreads the remaining probability evenly, as in label smoothing. A student's gain from these is
    not due to the teacher's knowledge.

    Args:
        key: Random key of the permutation.
        data: Data with a teacher's logits [N, C].

    Raises:
        ValueError: If the data have no teacher.

    References:
        Yuan et al., Revisiting Knowledge Distillation via Label Smoothing Regularization, CVPR 2020.
    """
    logits = require_teacher(data.teacher, data.x)
    shuffled = logits[jax.random.permutation(key, len(logits))]
    return {
        "teacher": data,
        "shuffled": data._replace(teacher=shuffled),
        "smoothed": data._replace(teacher=_smoothed(data.labels, logits)),
    }


def confidence(teacher: jax.Array) -> jax.Array:
    """Returns the mean over examples of the largest probability of a teacher's logits [N, C]."""
    return jnp.mean(jnp.max(jax.nn.softmax(teacher), axis=-1))


def entropy_matched(labels: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns logits [N, C] of smoothed labels whose entropy is the mean entropy of a teacher's logits [N, C].

    Each label has the probability 1 - s, and each other class s / (C - 1), with the one s in [0, (C - 1) / C] that
    gives this entropy, found by bisection. Such a teacher softens the labels as much as the real one does, and
    knows nothing. An example without a label (-1) gets equal logits. `teachers` matches the confidence instead.

    Example:
        >>> uncertain = jnp.log(jnp.array([[0.9, 0.1], [0.1, 0.9]]))
        >>> logits = entropy_matched(jnp.array([0, 0]), uncertain)
        >>> [f"{p:.2f}" for p in jax.nn.softmax(logits)[0].tolist()]
        ['0.90', '0.10']
    """
    classes = teacher.shape[-1]
    wanted = jnp.mean(_entropy(jax.nn.log_softmax(teacher)))

    def halved(_: int, ends: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        low, high = ends
        middle = (low + high) / 2
        enough = _entropy(_smooth(middle, classes)) >= wanted
        return jnp.where(enough, low, middle), jnp.where(enough, middle, high)

    ends = jnp.zeros_like(wanted), jnp.full_like(wanted, (classes - 1) / classes)
    own, *others = _smooth(sum(jax.lax.fori_loop(0, BISECTIONS, halved, ends)) / 2, classes)
    is_label = jax.nn.one_hot(labels, classes, dtype=bool)
    known = jnp.where(is_label, own, others[0])
    return jnp.where((labels >= 0)[:, None], known, jnp.zeros_like(known)).astype(teacher.dtype)


def _smooth(s: jax.Array, classes: int) -> jax.Array:
    """Returns the log probabilities [C] of a smoothed label, of which the first is its own class."""
    tiny = jnp.finfo(s.dtype).tiny
    others = jnp.broadcast_to(jnp.log(jnp.maximum(s / (classes - 1), tiny)), (classes - 1,))
    return jnp.concatenate([jnp.log1p(-s)[None], others])


def _entropy(log_probabilities: jax.Array) -> jax.Array:
    return -jnp.sum(jnp.exp(log_probabilities) * log_probabilities, axis=-1)


def _smoothed(labels: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns logits of the label with the teacher's confidence; equal ones for an example without a label."""
    classes = teacher.shape[-1]
    largest = confidence(teacher)
    others = jnp.maximum((1 - largest) / (classes - 1), jnp.finfo(teacher.dtype).tiny)
    is_label = jax.nn.one_hot(labels, classes, dtype=bool)
    return jnp.where(is_label, jnp.log(largest), jnp.log(others)).astype(teacher.dtype)


def _renumbered(gate: Gate, numbers: dict[int, int]) -> Gate:
    return gate if gate.theta is None else gate._replace(theta=numbers[gate.theta])
