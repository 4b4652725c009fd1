import doctest

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd import controls
from jaxqkd.circuits import Circuit, Gate, hea, universal
from jaxqkd.models import QuantumStudent, count_parameters
from jaxqkd.quantum.encodings import angle
from jaxqkd.quantum.simulators import statevector
from tests import reference

KEY = jax.random.key(0)
STUDENT = QuantumStudent(hea(qubits=3, layers=2), classes=3, encoding=angle)
DATA = jq.data.xor_grid(KEY, count=30, features=3)
TAUGHT = DATA._replace(teacher=jax.random.normal(KEY, (30, 3)))


def test_the_docstrings_examples_hold():
    assert doctest.testmod(controls).failed == 0


def test_the_perceptron_has_the_nearest_number_of_parameters():
    wanted = count_parameters(STUDENT, 3).total
    sizes = {width: 3 * width + width + 3 * width + 3 for width in range(1, 20)}
    nearest = min(sizes, key=lambda width: abs(sizes[width] - wanted))
    found = controls.mlp_like(STUDENT, 3)
    assert found.features == (nearest,)
    assert count_parameters(found, 3).total == sizes[nearest]


@pytest.mark.slow
def test_frozen_angles_stay_and_the_head_learns():
    model = controls.students(STUDENT, 3)["frozen"]
    out = jax.jit(lambda key: jq.fit(key, model, DATA, jq.losses.hard(), optax.adam(0.1), epochs=10))(KEY)
    start = model.init(jax.random.split(KEY)[0], DATA.x[:1])
    np.testing.assert_array_equal(out.params["params"]["theta"], start["params"]["theta"])
    assert not np.allclose(out.params["params"]["head"]["kernel"], start["params"]["head"]["kernel"])
    np.testing.assert_array_equal(model.apply(start, DATA.x), STUDENT.apply(start, DATA.x))


@pytest.mark.parametrize(
    "circuit", [hea(qubits=3, layers=2), universal(qubits=3, layers=2, hadamard=True, scale=2.0)]
)
def test_without_entanglers_qubits_never_meet(circuit):
    bare = controls.without_entanglers(circuit)
    assert all(len(gate.qubits) == 1 for gate in (*bare.gates, *bare.prefix))
    assert (bare.prefix, bare.scale, bare.layers) == (circuit.prefix, circuit.scale, circuit.layers)
    theta = np.asarray(jax.random.normal(KEY, bare.shape))
    states = angle(jnp.asarray(DATA.x), 3)
    found = statevector.expectations(bare, theta, states, measured=(0, 1, 2))
    for qubit in range(3):
        own = [(place, gate) for place, gate in enumerate(bare.gates) if gate.qubits == (qubit,)]
        numbers = [gate.theta for _, gate in own]
        gates = tuple(Gate(gate.name, (0,), theta=index) for index, (_, gate) in enumerate(own))
        prefix = tuple(Gate(gate.name, (0,)) for gate in bare.prefix if gate.qubits == (qubit,))
        alone = reference.unitary(Circuit(1, bare.layers, gates, prefix, bare.scale), theta[:, numbers])
        psi = alone @ np.stack([np.cos(DATA.x[:, qubit] / 2), np.sin(DATA.x[:, qubit] / 2)])
        np.testing.assert_allclose(found[:, qubit], abs(psi[0]) ** 2 - abs(psi[1]) ** 2, atol=1e-5)


def test_angles_that_are_left_keep_their_order():
    circuit = Circuit(2, 1, (Gate("rzz", (0, 1), theta=0), Gate("ry", (1,), theta=2), Gate("rx", (0,), theta=1)))
    assert controls.without_entanglers(circuit).gates == (Gate("ry", (1,), theta=1), Gate("rx", (0,), theta=0))


def test_a_circuit_that_trains_nothing_else_is_refused():
    circuit = Circuit(2, 1, (Gate("h", (0,)), Gate("rzz", (0, 1), theta=0)))
    with pytest.raises(ValueError, match="`circuit` must train gates on one qubit"):
        controls.without_entanglers(circuit)


def test_shuffled_keeps_the_rows_and_smoothed_the_confidence():
    found = controls.teachers(KEY, TAUGHT)
    assert {name: part.teacher.shape for name, part in found.items()} == dict.fromkeys(
        ("teacher", "shuffled", "smoothed"), (30, 3)
    )
    shuffled = np.asarray(found["shuffled"].teacher)
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(TAUGHT.teacher, axis=0))
    assert not np.array_equal(shuffled, TAUGHT.teacher)
    odds = np.exp(np.asarray(TAUGHT.teacher, float))
    sure = (odds / odds.sum(axis=1, keepdims=True)).max(axis=1).mean()
    assert float(controls.confidence(TAUGHT.teacher)) == pytest.approx(sure, rel=1e-6)
    smoothed = np.asarray(jax.nn.softmax(found["smoothed"].teacher))
    np.testing.assert_allclose(smoothed[np.arange(30), TAUGHT.labels], sure, rtol=1e-5)
    np.testing.assert_allclose(np.sort(smoothed, axis=1)[:, 0], (1 - sure) / 2, rtol=1e-5)


def test_a_teacher_that_is_certain_stays_finite():
    certain = DATA._replace(teacher=1e4 * jax.nn.one_hot(DATA.labels, 3))
    assert jnp.isfinite(controls.teachers(KEY, certain)["smoothed"].teacher).all()


def test_an_example_without_a_label_is_smoothed_to_nothing():
    some = TAUGHT._replace(labels=TAUGHT.labels.at[0].set(-1))
    row = controls.teachers(KEY, some)["smoothed"].teacher[0]
    np.testing.assert_array_equal(row, jnp.full(3, row[0]))


def test_data_without_a_teacher_are_refused():
    with pytest.raises(ValueError, match="`teacher` must hold the teacher's logits"):
        controls.teachers(KEY, DATA)


@pytest.mark.slow
def test_one_call_adds_students_and_one_adds_teachers_to_a_sweep():
    models = {"student": STUDENT} | controls.students(STUDENT, 3)

    def run(name):
        def seed(key, hparams):
            found = controls.teachers(key, TAUGHT)
            every = jnp.stack([part.teacher for part in found.values()])
            seed_data = TAUGHT._replace(teacher=every[jnp.asarray(hparams["teacher"], int)])
            out = jq.fit(key, models[name], seed_data, jq.losses.kd(2.0, 0.9), optax.adam(0.1), epochs=3)
            return out.history["loss"][-1]

        return jq.sweep(seed, jax.random.split(KEY, 2), jq.grid(teacher=[0, 1, 2]))

    losses = {name: run(name) for name in ("student", "linear")}
    assert all(found.shape == (3, 2) and jnp.isfinite(found).all() for found in losses.values())
    assert len(np.unique(losses["student"][:, 0])) == 3


@pytest.mark.parametrize("scale", [0.0, 0.3, 2.0, 200.0])
def test_smoothing_has_the_entropy_of_the_teacher_and_none_of_its_knowledge(scale):
    teacher = scale * TAUGHT.teacher
    found = controls.entropy_matched(DATA.labels, teacher)
    entropies = [-jnp.sum(jax.nn.softmax(z) * jax.nn.log_softmax(z), axis=-1) for z in (found, teacher)]
    np.testing.assert_allclose(entropies[0], float(entropies[1].mean()), atol=2e-5)
    p = np.asarray(jax.nn.softmax(found))
    own = p[np.arange(30), DATA.labels]
    assert (own >= 1 / 3 - 1e-3).all()
    others = p[jax.nn.one_hot(DATA.labels, 3) == 0].reshape(30, 2)
    np.testing.assert_allclose(others, (1 - own[:, None]) / 2 * np.ones((1, 2)), atol=1e-6)


def test_smoothing_of_an_example_without_a_label_is_uniform():
    found = controls.entropy_matched(DATA.labels.at[0].set(-1), TAUGHT.teacher)
    np.testing.assert_array_equal(found[0], np.zeros(3))
    assert np.ptp(found[1]) > 0
