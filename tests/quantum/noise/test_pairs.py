"""Noise that differs by pair of qubits, by name of gate, and on idle qubits, in every simulator."""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import Circuit, Gate, hea
from jaxqkd.quantum import NoiseModel, channels, paulis
from jaxqkd.quantum.noise import Idle
from jaxqkd.quantum.simulators import exact, monte_carlo, shots, tensorcircuit
from tests import reference

PAIRS = ((0, 1), (1, 2), (2, 0), (2, 1))
CIRCUIT = Circuit(
    3,
    2,
    (
        *(Gate("ry", (qubit,), theta=qubit) for qubit in range(3)),
        Gate("cnot", (0, 1)),
        Gate("rz", (1,), theta=3),
        Gate("sx", (2,)),
        Gate("cz", (2, 1)),
        Gate("rzz", (2, 0), theta=4),
        Gate("cnot", (1, 2)),
    ),
    (Gate("h", (1,)), Gate("cnot", (0, 1))),
)
RELAXATION = [(0.1, 0.85), (0.02, 0.97), (0.3, 0.8)]
"""By qubit, the probability of falling to 0 and the factor of coherences."""

WAITING = channels.Channel(jnp.asarray(RELAXATION[:2]), "relaxation")


def general(pair):
    """Depolarizing noise, then relaxation of both qubits, whose strengths are the pair's own: ours and theirs."""
    p, (first, second) = 0.02 + 0.03 * PAIRS.index(pair), pair
    ours = channels.compose(
        channels.depolarizing(p, qubits=2), channels.tensor(*(relaxation(qubit) for qubit in pair))
    )
    theirs = [reference.depolarizing(p, 2), both(kraus(first), kraus(second))]
    return ours, theirs


def relaxation(qubit):
    return channels.Channel(jnp.asarray(RELAXATION[qubit]), "relaxation")


def kraus(qubit):
    fall, coherence = RELAXATION[qubit]
    rest = np.sqrt(1 - fall - coherence**2)
    return [np.diag([1, coherence]), np.diag([0, rest]), np.sqrt(fall) * np.array([[0, 1], [0, 0]])]


def both(first, second):
    return [np.kron(one, two) for one in first for two in second]


NOISE = NoiseModel(
    one_qubit_gates=channels.depolarizing(np.array([0.02, 0.05, 0.1])),
    two_qubit_gates=channels.per_pair({pair: general(pair)[0] for pair in PAIRS}),
    gates={
        "rz": (),
        "sx": channels.compose(channels.depolarizing(0.03), relaxation(2)),
        "cz": channels.per_pair({(2, 1): channels.depolarizing(0.2, qubits=2)}),
    },
    idle=[Idle(WAITING, (("layer", 6, 0), ("layer", 9, 2)))],
)


def by_hand(theta, state, x=None):
    """The density matrix under `NOISE`, gate by gate."""
    rho, apply = reference.density(state), functools.partial(reference.applied, qubits=3)

    def along(part, gates, angles, rho):
        for place, gate in enumerate([*gates, None]):
            for row, where in enumerate(NOISE.idle[0].places):
                if where[:2] == (part, place):
                    rho = apply(kraus(row), where[2:], rho)
            if gate is None:
                break
            angle = None if gate.theta is None else angles[gate.theta]
            rho = apply([reference.matrix(gate.name, angle)], gate.qubits, rho)
            for channel in after(gate):
                rho = apply(channel, gate.qubits, rho)
        return rho

    def after(gate):
        if gate.name == "sx":
            return [reference.depolarizing(0.03), kraus(2)]
        if gate.name == "cz":
            return [reference.depolarizing(0.2, 2)]
        if len(gate.qubits) == 2:
            return general(gate.qubits)[1]
        return [] if gate.name == "rz" else [reference.depolarizing([0.02, 0.05, 0.1][gate.qubits[0]])]

    rho = along("prefix", CIRCUIT.prefix, None, rho)
    for angles in theta:
        rho = along("layer", CIRCUIT.gates, angles, rho)
    return rho


def draw(circuit=CIRCUIT, batch=2):
    random = np.random.default_rng(0)
    states = random.normal(size=(batch, 2**circuit.qubits)) + 1j * random.normal(size=(batch, 2**circuit.qubits))
    states = states / np.linalg.norm(states, axis=1, keepdims=True)
    return random.uniform(-np.pi, np.pi, circuit.shape).astype("float32"), states.astype("complex64")


@functools.cache
def expected():
    theta, states = draw()
    readouts = [reference.embed(reference.PAULIS["z"], (qubit,), 3) for qubit in range(3)]
    return np.array([[np.trace(z @ by_hand(theta, state)).real for z in readouts] for state in states])


def values(simulator, noise=NOISE, circuit=CIRCUIT, measured=(0, 1, 2)):
    theta, states = draw(circuit)
    run = jax.jit(functools.partial(simulator.expectations, circuit, measured=measured))
    return np.asarray(run(theta, states, noise=noise))


@pytest.mark.parametrize("simulator", [exact(), tensorcircuit()])
def test_noise_by_pair_name_and_idle_qubit_equals_density_matrices(simulator):
    np.testing.assert_allclose(values(simulator), expected(), rtol=0, atol=1e-6)


@pytest.mark.exhaustive
def test_a_circuit_that_features_drive_has_the_same_noise():
    driven = Circuit(3, 2, (Gate("ry", (0,), x=0), *CIRCUIT.gates), CIRCUIT.prefix)
    theta, states = draw()
    shifted = replace(NOISE, idle=())
    options = {"measured": (0, 1, 2), "x": np.array([[0.3], [-1.0]], "float32"), "noise": shifted}
    found = [simulator.expectations(driven, theta, states, **options) for simulator in (exact(), tensorcircuit())]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-6)


@pytest.mark.exhaustive
def test_trajectories_have_the_mean_of_the_density_matrix():
    theta, states = draw()
    options = {"measured": (0, 1, 2), "noise": NOISE, "count": 4000}
    drawn = np.asarray(monte_carlo.samples(jax.random.key(0), CIRCUIT, theta, states, **options))
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.all(abs(drawn.mean(axis=0) - expected()) < 4 * error)


@pytest.mark.exhaustive
def test_shots_are_drawn_from_the_same_distribution():
    theta, states = draw()
    found = shots(100_000).expectations(
        CIRCUIT, theta, states, measured=(0, 1, 2), noise=NOISE, key=jax.random.key(0)
    )
    np.testing.assert_allclose(found, expected(), rtol=0, atol=4 / np.sqrt(100_000))


def test_pauli_channels_of_pairs_equal_those_in_general_form():
    pairs = {(0, 1): 0.1, (1, 2): 0.0, (2, 0): 0.3}
    circuit = hea(qubits=3, layers=2)
    scaling = channels.per_pair({pair: channels.depolarizing(p, qubits=2) for pair, p in pairs.items()})
    assert scaling.kind == "pauli"
    general_form = replace(scaling, values=channels.transfer_matrix(scaling), kind="transfer")
    found = [values(exact(), NoiseModel(two_qubit_gates=one), circuit) for one in (scaling, general_form)]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-6)


def test_one_channel_for_every_pair_equals_the_channel_without_pairs():
    circuit, channel = hea(qubits=3, layers=1), channels.depolarizing(0.1, qubits=2)
    table = channels.per_pair(dict.fromkeys(PAIRS, channel))
    found = [values(exact(), NoiseModel(two_qubit_gates=one), circuit) for one in (table, channel)]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-6)


@pytest.mark.exhaustive
def test_strengths_of_pairs_are_traced_and_have_gradients():
    circuit = hea(qubits=2, layers=1)
    theta, states = draw(circuit)

    def read(p):
        table = {pair: channels.compose(channels.depolarizing(p, qubits=2)) for pair in ((0, 1), (1, 0))}
        noise = NoiseModel(two_qubit_gates=channels.per_pair(table))
        return jnp.sum(exact().expectations(circuit, theta, states, measured=(0,), noise=noise))

    step = 1e-2
    slope = (jax.jit(read)(0.1 + step) - read(0.1 - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(read)(0.1), slope, rtol=5e-3)


def test_kraus_operators_of_a_transfer_matrix_give_it_back():
    channel = general((1, 2))[0]
    operators = np.asarray(channels.kraus(channel))
    np.testing.assert_allclose(np.einsum("nji,njk->ik", operators.conj(), operators), np.eye(4), atol=1e-6)
    strings = paulis.strings(2)
    mapped = sum(operator @ strings @ operator.conj().T for operator in operators)
    again = np.einsum("aij,bji->ab", strings, mapped).real / 4
    np.testing.assert_allclose(again, channel.values, atol=1e-6)


def test_composition_keeps_the_order():
    fall, flip = channels.amplitude_damping(1.0), channels.bit_flip(1.0)
    zero = np.array([1, 0, 0, 1])
    np.testing.assert_allclose(channels.compose(fall, flip).values @ zero, [1, 0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(channels.compose(flip, fall).values @ zero, [1, 0, 0, 1], atol=1e-6)


def test_kraus_operators_of_a_general_channel_refuse_a_gradient_by_strength():
    with pytest.raises(ValueError, match=r"`noise` must have fixed strengths here"):
        jax.grad(lambda p: jnp.sum(abs(channels.kraus(channels.compose(channels.bit_flip(p))))))(0.1)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (NoiseModel(two_qubit_gates=channels.per_pair({(0, 1): general((0, 1))[0]})), r"without \[\(1, 2\)"),
        (NoiseModel(gates={"nonsense": ()}), "must be one of"),
        (NoiseModel(gates={"rz": channels.depolarizing(0.1, qubits=2)}), "channels on one qubit only"),
        (NoiseModel(idle=[Idle(WAITING, (("layer", 0, 0),))]), "each of 1 places"),
        (NoiseModel(idle=[Idle(WAITING, (("layer", 0, 0), ("layer", 10, 0)))]), "places of the circuit"),
    ],
)
def test_noise_that_does_not_fit_is_refused(noise, message):
    with pytest.raises(ValueError, match=message):
        values(exact(), noise)


def test_channels_that_cannot_be_joined_are_refused():
    one, two = channels.bit_flip(0.1), channels.depolarizing(0.1, qubits=2)
    with pytest.raises(ValueError, match="channels on 1 qubits"):
        channels.compose(one, two)
    with pytest.raises(ValueError, match="channels on one qubit each"):
        channels.tensor(one, two)
    with pytest.raises(ValueError, match="one channel on two qubits for each pair"):
        channels.per_pair({(0, 1): one})
    with pytest.raises(ValueError, match="at least one pair"):
        channels.per_pair({})
