"""Controls: students and teachers that tell knowledge from regularization, and quantum from classical.

They are models and data like any others, so a study takes them as further students and as further settings.
"""

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.circuits import Circuit, Gate
from jaxqkd.losses.inputs import require_teacher
from jaxqkd.models import MLP, Linear, QuantumStudent, count_parameters
from jaxqkd.models.wrappers import Frozen
from jaxqkd.types import Data, Key, Model


def students(student: QuantumStudent, features: int) -> dict[str, Model]:
    """Returns the controls of a quantum student, by name.

    `linear` is a linear layer from the features to the logits; `mlp` a perceptron with one hidden layer whose
    number of parameters is the nearest to the student's; `frozen` the student whose angles stay where they start,
    so that only its classical layers learn; `no entanglers` the student without its gates on several qubits.

    Args:
        student: The quantum student.
        features: Number of features D.

    Example:
        >>> from jaxqkd.circuits import hea
        >>> found = students(QuantumStudent(hea(qubits=6, layers=5), classes=3), features=64)
        >>> {name: count_parameters(model, 64).total for name, model in found.items()}
        {'linear': 195, 'mlp': 139, 'frozen': 111, 'no entanglers': 111}
    """
    checks.integer("features", features)
    return {
        "linear": Linear(classes=student.classes),
        "mlp": mlp_like(student, features),
        "frozen": Frozen(student),
        "no entanglers": student.clone(circuit=without_entanglers(student.circuit)),
    }


def mlp_like(student: Model, features: int) -> MLP:
    """Returns the perceptron with one hidden layer whose number of parameters is the nearest to the student's."""
    classes = jax.eval_shape(
        lambda key, x: student.apply(student.init(key, x), x), jax.random.key(0), jnp.zeros((1, features))
    ).shape[-1]
    total = count_parameters(student, features).total
    width = round((total - classes) / (features + 1 + classes))  # W (D + 1) + (W + 1) C parameters
    return MLP(features=(max(1, width),), classes=classes)


def without_entanglers(circuit: Circuit) -> Circuit:
    """Returns the circuit without its gates on two or more qubits; qubits then never meet.

    Angles that no gate is left for are gone, and the others keep their order.

    Raises:
        ValueError: If no trained angle would be left.
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
    """Returns data with its teacher and with two that know less, by name; all of one shape, so one can stack them.

    `teacher` is the data as they are; in `shuffled` the teacher's rows are permuted among the examples, which
    keeps everything but which example they belong to; in `smoothed` the teacher says the label with its own
    average confidence, and spreads the rest evenly: label smoothing. What a student gains from these as well is
    not knowledge of the teacher's.

    Args:
        key: Random key of the permutation.
        data: Data with a teacher's logits [N, C].

    Raises:
        ValueError: If the data have no teacher.

    References:
        Yuan et al., Revisiting Knowledge Distillation via Label Smoothing Regularization, CVPR 2020.
    """
    logits = require_teacher(data.teacher)
    shuffled = logits[jax.random.permutation(key, len(logits))]
    return {
        "teacher": data,
        "shuffled": data._replace(teacher=shuffled),
        "smoothed": data._replace(teacher=_smoothed(data.labels, logits)),
    }


def confidence(teacher: jax.Array) -> jax.Array:
    """Returns the mean over examples of the largest probability, of logits [N, C]."""
    return jnp.mean(jnp.max(jax.nn.softmax(teacher), axis=-1))


def _smoothed(labels: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns logits of the label with the teacher's confidence; an example without a label gets equal ones."""
    classes = teacher.shape[-1]
    sure = confidence(teacher)
    rest = jnp.maximum((1 - sure) / (classes - 1), jnp.finfo(teacher.dtype).tiny)
    wanted = jax.nn.one_hot(labels, classes, dtype=bool)
    return jnp.where(wanted, jnp.log(sure), jnp.log(rest)).astype(teacher.dtype)


def _renumbered(gate: Gate, numbers: dict[int, int]) -> Gate:
    return gate if gate.theta is None else gate._replace(theta=numbers[gate.theta])
