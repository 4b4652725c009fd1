import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd.circuits import hea
from jaxqkd.models import FunctionStudent, QuantumStudent, count_parameters
from jaxqkd.models.wrappers import Frozen
from jaxqkd.quantum import encodings

KEY = jax.random.key(0)
X = jax.random.uniform(jax.random.key(1), (7, 2), minval=-1)


def cosines(theta, x):
    return jnp.cos(theta + x)


def by_tensorcircuit(theta, x):
    """<Z> of both qubits of `hea` of two layers after angle encoding, as TensorCircuit's documentation has it."""
    import tensorcircuit as tc

    circuit = tc.Circuit(2)
    for qubit in range(2):
        circuit.ry(qubit, theta=x[qubit])
    for layer in theta:
        for place, angle in enumerate(layer):
            getattr(circuit, ("rz", "ry", "rz")[place % 3])(place // 3, theta=angle)
        circuit.cnot(0, 1)
        circuit.cnot(1, 0)
    return [tc.backend.real(circuit.expectation_ps(z=[qubit])) for qubit in range(2)]


def test_a_function_of_one_example_is_a_student_of_many():
    student = FunctionStudent(cosines, shape=[2], classes=3)
    params = student.init(KEY, X)
    head = jax.tree.map(np.asarray, params["params"]["head"])
    values = np.cos(np.asarray(params["params"]["theta"]) + np.asarray(X))
    np.testing.assert_allclose(student.apply(params, X), values @ head["kernel"] + head["bias"], atol=1e-6)
    assert count_parameters(student, 2) == (2 * 3 + 3, 2)
    bare = FunctionStudent(cosines, shape=(2,), classes=2, head="none", input_width=2)
    assert count_parameters(bare, 5) == (5 * 2 + 2, 2)
    assert hash(student) == hash(FunctionStudent(cosines, shape=(2,), classes=3))
    gradient = jax.grad(lambda params: jnp.sum(Frozen(student).apply(params, X)))(params)
    assert not np.any(gradient["params"]["theta"])
    assert np.any(gradient["params"]["head"]["kernel"])


@pytest.mark.slow
def test_a_function_of_tensorcircuit_trains_as_the_same_circuit_does():
    import tensorcircuit as tc

    assert tc.backend.name == "numpy"
    circuit = hea(qubits=2, layers=2)
    same = QuantumStudent(circuit, classes=2, encoding=encodings.angle, head="none")
    student = FunctionStudent(by_tensorcircuit, shape=circuit.shape, classes=2, head="none")
    params = jax.jit(student.init)(KEY, X)
    data = jq.Data(X, (X[:, 0] > 0).astype(int))

    def run(key, hparams, model):
        loss, optimizer = jq.losses.hard(), optax.adam(hparams["learning_rate"])
        return jq.fit(key, model, data, loss, optimizer, epochs=3, params=params).history["loss"]

    keys, grid = jax.random.split(KEY, 2), jq.grid(learning_rate=[0.1])
    found, expected = (jq.sweep(lambda k, h, m=model: run(k, h, m), keys, grid) for model in (student, same))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert tc.backend.name == "numpy"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, None),
        ({"head": "none", "classes": 2}, None),
        ({"function": "cos"}, r"`function` must be a function, but is 'cos'"),
        ({"shape": 2}, r"`shape` must be a sequence of sizes, but is 2\. Write \(3,\)"),
        ({"shape": (0,)}, r"`shape` must be at least 1, but is 0"),
        ({"classes": 1}, r"`classes` must be at least 2"),
        ({"head": "softmax"}, r"`head` must be one of"),
        ({"input_width": 0}, r"`input_width` must be at least 1"),
        ({"head": "none"}, r"return as many values as the 3 classes where head is \"none\", but is one with 2"),
        (
            {"function": lambda theta, x: jnp.sum(x)},
            r"must return values \[k\], but is one with shape \(\)\. Return",
        ),
        ({"function": lambda theta, x: x + 0j}, r"must return real values, but is one with dtype complex(64|128)"),
    ],
)
def test_what_makes_no_student_is_refused(options, message):
    def make():
        student = FunctionStudent(**({"function": cosines, "shape": (2,), "classes": 3} | options))
        return jax.eval_shape(lambda: student.apply(student.init(KEY, X), X))

    if message is None:
        assert make().shape == (7, options.get("classes", 3))
    else:
        with pytest.raises(ValueError, match=message):
            make()
