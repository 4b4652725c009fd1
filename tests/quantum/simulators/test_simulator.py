import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import simulators
from jaxqkd.circuits import Circuit, Gate, hea, reuploading
from jaxqkd.models import Linear, QuantumStudent
from jaxqkd.quantum import NoiseModel, channels, mitigation

CIRCUIT = hea(qubits=3, layers=2)
NOISE = NoiseModel(layers=channels.depolarizing(0.1), confusion=channels.readout_error(0.1, 0.2))
EVERY = [
    simulators.exact(),
    simulators.shots(10),
    simulators.trajectories(2),
    simulators.tensorcircuit(),
    mitigation.readout(simulators.exact(), np.eye(2)),
]


@pytest.mark.parametrize("simulator", EVERY, ids=repr)
@pytest.mark.parametrize("noise", [None, NOISE], ids=["clean", "noisy"])
def test_all_simulators_have_one_signature_and_say_what_they_do(simulator, noise):
    key = jax.random.key(0) if simulator.rngs else None
    run = functools.partial(simulator.expectations, CIRCUIT, measured=(2, 0), noise=noise, key=key)
    theta, states = jnp.zeros(CIRCUIT.shape), jnp.eye(8)[:5]
    assert jax.eval_shape(run, theta, states).shape == (5, 2)
    final = jax.eval_shape(functools.partial(simulator.final_states, CIRCUIT), theta, states)
    assert (final.shape, final.dtype) == ((5, 8), jnp.zeros((), complex).dtype)
    text = simulators.explain(QuantumStudent(CIRCUIT, classes=2, noise=noise, simulator=simulator))
    assert text.endswith(".")
    assert len(text) > 50


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["Fused kernels simulate", "more than 8 states is one product"]),
        ({"circuit": reuploading(CIRCUIT, features=3)}, ["Features drive gates of a layer", "is carried through"]),
        ({"noise": NOISE}, ["in the Pauli basis of 4^3 strings", "backwards"]),
        ({"noise": NOISE, "circuit": reuploading(CIRCUIT, features=3)}, ["4^3 strings", "forwards"]),
        ({"simulator": simulators.shots(70)}, ["outcomes of 70 shots", "Fused kernels"]),
        ({"simulator": simulators.trajectories(30), "noise": NOISE}, ["mean over 30 trajectories"]),
        ({"simulator": simulators.trajectories(30)}, ["There is no noise, so nothing is drawn"]),
        ({"simulator": simulators.tensorcircuit()}, ["TensorCircuit simulates a state vector of 2^3"]),
        ({"simulator": simulators.tensorcircuit(4)}, ["matrix product state of bond dimension 4 at most"]),
        ({"simulator": simulators.tensorcircuit(), "noise": NOISE}, ["density matrix of 4^3 numbers"]),
        ({"simulator": mitigation.readout(simulators.shots(9)), "noise": NOISE}, ["9 shots", "confusion matrix"]),
    ],
)
def test_explanations(options, words):
    student = QuantumStudent(**{"circuit": CIRCUIT, "classes": 2} | options)
    text = simulators.explain(student)
    assert all(word in text for word in words), text


def test_what_is_no_simulator_and_no_student_is_refused():
    with pytest.raises(ValueError, match=r"`simulator` must be a simulator, .* with the parentheses"):
        QuantumStudent(CIRCUIT, classes=2, simulator=simulators.exact)
    with pytest.raises(ValueError, match=r"`student` must have a simulator, but is a Linear"):
        simulators.explain(Linear(classes=2))


def test_simulators_are_equal_and_hash_by_what_they_hold():
    assert simulators.exact() == simulators.Exact()
    assert len({simulators.shots(3), simulators.shots(3), simulators.shots(4), simulators.trajectories(3)}) == 3
    circuit = Circuit(1, 1, (Gate("ry", (0,), theta=0),))
    students = {QuantumStudent(circuit, classes=2, simulator=simulators.tensorcircuit(at)) for at in (2, 2, 3)}
    assert len(students) == 2
