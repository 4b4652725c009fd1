import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import Circuit, Gate, hea, universal
from jaxqkd.models import MLP, Linear, QuantumStudent, count_parameters
from jaxqkd.quantum.encodings import amplitude, angle
from jaxqkd.quantum.initializers import uniform
from tests import reference

HEA = hea(qubits=3, layers=2)
REUPLOAD = Circuit(2, 2, (Gate("ry", (0,), x=0), Gate("ry", (1,), x=1), Gate("rxx", (0, 1), theta=0)))
X = jax.random.normal(jax.random.key(0), (5, 6))
KEY = jax.random.key(1)


@pytest.mark.parametrize(
    ("model", "features"),
    [
        (Linear(classes=3), 6),
        (MLP((4,), classes=2), 6),
        (MLP((), classes=2), 6),
        (QuantumStudent(HEA, classes=4), 6),
        (QuantumStudent(HEA, classes=2, measured=(2,)), 8),
        (QuantumStudent(HEA, classes=3, head="none"), 6),
        (QuantumStudent(HEA, classes=2, head="none", measured=(2, 0)), 6),
        (QuantumStudent(HEA, classes=2, encoding=angle), 3),
        (QuantumStudent(HEA, classes=2, encoding=functools.partial(angle, axis="x")), 3),
        (QuantumStudent(HEA, classes=2, encoding=angle, input_width=3), 6),
        (QuantumStudent(HEA, classes=2, input_width=5), 6),
        (QuantumStudent(REUPLOAD, classes=2, encoding=angle, input_width=2), 6),
        (QuantumStudent(universal(qubits=3, layers=1, measured=(1,)), classes=2, measured=(1,)), 6),
    ],
)
def test_logits_have_a_row_an_example_and_a_column_a_class(model, features):
    x = jnp.pad(X, ((0, 0), (0, 2)), constant_values=0.5)[:, :features]
    params = jax.eval_shape(model.init, KEY, x)
    logits = jax.eval_shape(model.apply, params, x)
    assert (logits.shape, logits.dtype) == ((5, model.classes), x.dtype)
    assert count_parameters(model, features).total == sum(leaf.size for leaf in jax.tree.leaves(params))
    if getattr(model, "head", None) == "none":
        assert list(params["params"]) == ["theta"]
        values = jax.jit(lambda: model.apply(model.init(KEY, x), x))()
        assert np.abs(values).max() <= 1 + 1e-6


@pytest.mark.parametrize("measured", [(0, 1, 2), (2, 0), (1,)])
def test_a_student_is_encoding_circuit_readout_and_head(measured):
    model = QuantumStudent(HEA, classes=2, measured=measured)
    params = jax.jit(model.init)(KEY, X)
    theta, head = params["params"]["theta"], jax.tree.map(np.asarray, params["params"]["head"])
    states = np.pad(np.asarray(X, float), ((0, 0), (0, 2)))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    read = reference.expectations(HEA, theta, states, measured)
    np.testing.assert_allclose(
        jax.jit(model.apply)(params, X), read @ head["kernel"] + head["bias"], rtol=0, atol=3e-6
    )
    if len(measured) == 2:
        bare = QuantumStudent(HEA, classes=2, measured=measured, head="none")
        np.testing.assert_allclose(bare.apply({"params": {"theta": theta}}, X), read, rtol=0, atol=1e-6)


def test_gates_driven_by_features_read_what_follows_the_input_layer():
    model = QuantumStudent(REUPLOAD, classes=2, encoding=angle, input_width=2, head="none")
    params = model.init(KEY, X)
    layer = jax.tree.map(np.asarray, params["params"]["input"])
    inputs = np.asarray(X) @ layer["kernel"] + layer["bias"]
    states = np.array([reference.angle_state(row, "y") for row in inputs])
    read = reference.expectations(REUPLOAD, params["params"]["theta"], states, (0, 1), inputs)
    np.testing.assert_allclose(model.apply(params, X), read, rtol=0, atol=1e-6)


def test_an_mlp_has_relu_between_its_layers():
    model = MLP((4, 3), classes=2)
    params = model.init(KEY, X)
    layers = [jax.tree.map(np.asarray, params["params"][name]) for name in ("Dense_0", "Dense_1", "head")]
    hidden = np.asarray(X)
    for layer in layers[:2]:
        hidden = np.maximum(hidden @ layer["kernel"] + layer["bias"], 0)
    expected = hidden @ layers[2]["kernel"] + layers[2]["bias"]
    np.testing.assert_allclose(model.apply(params, X), expected, rtol=0, atol=1e-6)


def test_seeds_run_under_vmap_and_start_from_their_own_initializer():
    narrow = functools.partial(uniform, low=1.0, high=1.1)
    model = QuantumStudent(HEA, classes=3, initializer=narrow)
    keys = jax.random.split(KEY, 3)

    def run(key):
        params = model.init(key, X)
        return params["params"]["theta"], model.apply(params, X)

    thetas, logits = jax.jit(jax.vmap(run))(keys)
    assert thetas.shape == (3, *HEA.shape)
    assert ((thetas >= 1.0) & (thetas < 1.1)).all()
    assert len(np.unique(thetas)) == thetas.size
    single = jax.jit(run)
    for index, key in enumerate(keys):
        theta, one = single(key)
        np.testing.assert_array_equal(theta, thetas[index])
        np.testing.assert_allclose(one, logits[index], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda classes: Linear(classes=classes),
        lambda classes: MLP((16, 8), classes=classes),
        lambda classes: MLP([16, 8], classes=classes),
        lambda classes: QuantumStudent(hea(qubits=3, layers=2), classes=classes, measured=[0, 2]),
    ],
)
def test_models_are_equal_and_hash_by_what_they_hold(make):
    assert make(3) == make(3)
    assert hash(make(3)) == hash(make(3))
    assert len({make(2), make(2), make(3)}) == 2


@pytest.mark.parametrize("model", [Linear(classes=3), MLP((4,), classes=3), QuantumStudent(HEA, classes=3)])
def test_models_take_jaxs_default_precision(model):
    with jax.enable_x64(True):
        x = X.astype("float64")
        params = jax.eval_shape(model.init, KEY, x)
        assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} == {"float64"}
        assert jax.eval_shape(model.apply, params, x).dtype == "float64"


def test_counting_refuses_no_features():
    assert count_parameters(Linear(classes=2), 1) == (2 + 2, 0)
    with pytest.raises(ValueError, match=r"`features` must be at least 1, but is 0"):
        count_parameters(Linear(classes=2), 0)


def student(**options):
    return lambda: QuantumStudent(HEA, **{"classes": 3} | options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(classes=1), r"`classes` must be at least 2, but is 1"),
        (lambda: Linear(classes=2.0), r"`classes` must be an integer, but is 2.0\. Give a whole number"),
        (lambda: MLP((4,), classes=0), r"`classes` must be at least 2, but is 0"),
        (lambda: MLP((4, 0), classes=2), r"`features` must be at least 1, but is 0"),
        (student(classes=1), r"`classes` must be at least 2, but is 1"),
        (student(head="softmax"), r"`head` must be one of 'linear', 'none', but is 'softmax'"),
        (student(input_width=0), r"`input_width` must be at least 1, but is 0"),
        (
            student(measured=(3,)),
            r"`measured` must name distinct qubits of 3, but is \(3,\)\. A circuit of 3 qubits has",
        ),
        (student(measured=(0, 0)), r"`measured` must name distinct qubits of 3, but is \(0, 0\)"),
        (student(measured=()), r"`measured` must name distinct qubits of 3, but is \(\)"),
        (
            student(classes=2, head="none"),
            r"`measured` must name as many qubits as the 2 classes .* but is 3 qubits. Measure 2 qubits",
        ),
        (student(head="none", measured=(0, 1)), r"as the 3 classes .* but is 2 qubits\. Measure 3 qubits"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_the_cure(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("options", "accepted", "refused", "message"),
    [
        ({}, 8, 9, r"at most 2\^3 = 8 features .* but is 9 features\. Reduce the features to 8, or use 4 qubits"),
        (
            {"encoding": angle},
            3,
            4,
            r"have 3 features .* but is 4 features\. .* or give the student `input_width=3`",
        ),
        ({"encoding": functools.partial(angle, axis="z")}, 3, 2, r"have 3 features .* but is 2 features"),
    ],
)
def test_features_that_do_not_fit_the_encoding_are_refused_with_both_numbers(options, accepted, refused, message):
    model = QuantumStudent(HEA, classes=2, **options)
    assert count_parameters(model, accepted) == (3 * 2 + 2, 18)
    with pytest.raises(ValueError, match=message):
        count_parameters(model, refused)
    with pytest.raises(ValueError, match=message):
        model.init(KEY, jnp.ones((2, refused)))


def test_an_input_width_that_does_not_fit_the_encoding_and_too_few_driving_features_are_refused():
    with pytest.raises(ValueError, match=r"have 3 features for angle encoding on 3 qubits, but is 2 features"):
        count_parameters(QuantumStudent(HEA, classes=2, encoding=angle, input_width=2), 6)
    with pytest.raises(ValueError, match=r"`x` must .* hold the 2 features that gates read, but is \(1, 1\)"):
        count_parameters(QuantumStudent(REUPLOAD, classes=2, encoding=amplitude), 1)
    assert count_parameters(QuantumStudent(REUPLOAD, classes=2), 2) == (2 * 2 + 2, 2)


def test_a_row_of_zeros_is_refused_by_its_number():
    model = QuantumStudent(HEA, classes=2)
    params = model.init(KEY, jnp.zeros((1, 3)))
    assert model.apply(params, jnp.eye(3)[:2]).shape == (2, 2)
    with pytest.raises(ValueError, match="all zeros at row 1"):
        model.apply(params, jnp.eye(3)[:2] * jnp.array([[1.0], [0.0]]))
