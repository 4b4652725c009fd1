import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jaxqkd.circuits import hea, reuploading
from jaxqkd.models import QuantumStudent, count_parameters
from jaxqkd.quantum import NoiseModel, channels, encodings, mitigation, readouts
from jaxqkd.quantum.simulators import exact, explain, shots, tensorcircuit, trajectories
from tests import reference

CIRCUIT = hea(qubits=3, layers=2)
MEASURED = (2, 0)
CONFUSION = np.array([[[0.95, 0.05], [0.2, 0.8]], [[0.9, 0.1], [0.1, 0.9]], [[0.97, 0.03], [0.12, 0.88]]])
NOISE = NoiseModel(
    one_qubit_gates=channels.amplitude_damping(0.1),
    two_qubit_gates=channels.depolarizing(0.1, qubits=2),
    readout=channels.bit_flip(0.05),
    confusion=CONFUSION,
)
SAME = {
    "one": [reference.amplitude_damping(0.1)],
    "two": [reference.depolarizing(0.1, 2)],
    "final": [reference.pauli_channel([0.95, 0.05, 0, 0])],
}
READOUTS = {
    "X": readouts.expectation("X"),
    "strings": readouts.strings("YX", "ZZ", "XI", "IY", "ZI", "YY"),
    "parity": readouts.parity(),
    "probabilities": readouts.probabilities(),
    "bases": readouts.probabilities("XY", "ZX"),
}


SPECIAL = ("parity", "probabilities")
"""Readouts that are special cases of others."""
QUICK_FIRST = [pytest.param(name, marks=pytest.mark.exhaustive) if name in SPECIAL else name for name in READOUTS]


def inputs(batch=2):
    random = np.random.default_rng(0)
    theta = random.uniform(-np.pi, np.pi, CIRCUIT.shape).astype("float32")
    states = random.normal(size=(batch, 8)) + 1j * random.normal(size=(batch, 8))
    return theta, (states / np.linalg.norm(states, axis=1, keepdims=True)).astype("complex64")


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def on_all(letters, measured, qubits=3):
    """The Kronecker product of a string's matrices on the measured qubits."""
    at = dict(zip(measured, letters.lower(), strict=True))
    return reference.kron(reference.PAULIS[at.get(qubit, "i")] for qubit in range(qubits))


def projectors(basis, measured):
    """The projectors on the outcomes of a measurement in a basis, the first measured qubit the leading bit."""
    for bits in itertools.product((0, 1), repeat=len(basis)):
        factors = [np.eye(2)] * 3
        for qubit, letter, bit in zip(measured, basis.lower(), bits, strict=True):
            factors[qubit] = (np.eye(2) + (-1) ** bit * reference.PAULIS[letter]) / 2
        yield reference.kron(factors)


def expected(name, rho, confusion=None):
    """The values of a readout of the measured qubits in a density matrix, by Kronecker products."""
    strings = {"X": ("XI", "IX"), "strings": READOUTS["strings"].letters, "parity": ("ZZ",)}.get(name)
    if strings is None:
        bases = READOUTS[name].letters or ("ZZ",)
    else:
        bases = tuple(string.replace("I", "Z") for string in strings)
    found = []
    for place, basis in enumerate(bases):
        outcomes = np.array([np.trace(p @ rho).real for p in projectors(basis, MEASURED)])
        if confusion is not None:
            outcomes = np.kron(confusion[2], confusion[0]).T @ outcomes
        if strings is None:
            found += outcomes.tolist()
        else:
            marks = [np.array([1, -1]) if letter != "I" else np.ones(2) for letter in strings[place]]
            found.append(outcomes @ np.kron(*marks))
    return np.array(found)


def run(simulator, readout, noise=None, key=None, circuit=CIRCUIT, x=None):
    options = {"measured": MEASURED, "noise": noise, "key": key, "readout": readout, "x": x}
    return jax.jit(lambda theta, states: simulator.expectations(circuit, theta, states, **options))


@pytest.fixture(scope="module")
def clean():
    theta, states = inputs()
    return [reference.density(state) for state in reference.final_states(CIRCUIT, theta, states)]


@pytest.fixture(scope="module")
def mixed():
    theta, states = inputs()
    return [reference.noisy_density(CIRCUIT, theta, state, measured=MEASURED, **SAME) for state in states]


@pytest.mark.parametrize("name", READOUTS)
def test_exact_values_are_those_of_the_states(name, clean):
    wanted = [expected(name, rho) for rho in clean]
    theta, states = inputs()
    found = run(exact(), READOUTS[name])(theta, states)
    close(found, wanted)
    assert found.shape == (2, readouts.size(READOUTS[name], 2))
    if name not in SPECIAL:
        close(run(tensorcircuit(), READOUTS[name])(theta, states), wanted)


@pytest.mark.parametrize("name", QUICK_FIRST)
def test_values_under_noise_are_those_of_the_density_matrix_with_errors_of_the_readout(name, mixed):
    wanted = [expected(name, rho, CONFUSION) for rho in mixed]
    theta, states = inputs()
    close(run(exact(), READOUTS[name], NOISE)(theta, states), wanted)
    right = [expected(name, rho) for rho in mixed]
    close(run(mitigation.readout(exact()), READOUTS[name], NOISE)(theta, states), right, 3e-6)


@pytest.mark.parametrize("name", [pytest.param("strings", marks=pytest.mark.exhaustive), "bases"])
def test_tensorcircuit_gives_the_same_values_under_noise(name, mixed):
    theta, states = inputs()
    close(
        run(tensorcircuit(), READOUTS[name], NOISE)(theta, states),
        [expected(name, rho, CONFUSION) for rho in mixed],
    )


def test_values_equal_those_of_qiskit():
    quantum_info = pytest.importorskip("qiskit.quantum_info")
    theta, states = inputs(1)
    final = quantum_info.Statevector(reference.final_states(CIRCUIT, theta, states)[0]).reverse_qargs()
    strings = ["".join(letters) for letters in itertools.product("IXYZ", repeat=3)][1:]
    everything = readouts.strings(*strings)
    simulate = functools.partial(exact().expectations, CIRCUIT, measured=(0, 1, 2))
    found = jax.jit(functools.partial(simulate, readout=everything))(theta, states)[0]
    close(found, [final.expectation_value(quantum_info.Pauli(string[::-1])).real for string in strings])
    outcomes = jax.jit(functools.partial(simulate, measured=MEASURED, readout=readouts.probabilities()))
    # Qiskit takes the first of the qubits as the last bit
    close(outcomes(theta, states)[0], final.probabilities([0, 2]))


def test_feature_driven_circuits_and_trajectories_take_readouts_too(mixed):
    theta, states = inputs()
    driven, x = reuploading(CIRCUIT, features=3), np.full((2, 3), 0.4, "float32")
    rho = [reference.density(state) for state in reference.final_states(driven, theta, states, x)]
    noiseless = NoiseModel(confusion=CONFUSION)
    found = run(exact(), READOUTS["strings"], noiseless, circuit=driven, x=x)(theta, states)
    close(found, [expected("strings", one, CONFUSION) for one in rho])
    key = jax.random.key(0)
    same = run(trajectories(2), READOUTS["strings"], noiseless, key, circuit=driven, x=x)(theta, states)
    close(same, found)  # nothing is drawn
    drawn = run(trajectories(600), READOUTS["bases"], NOISE, key)(theta, states)
    close(drawn, [expected("bases", one, CONFUSION) for one in mixed], 0.08)
    close(drawn.reshape(2, 2, 4).sum(axis=2), 1)


@pytest.mark.parametrize("name", ["strings", pytest.param("bases", marks=pytest.mark.exhaustive)])
def test_shots_are_spent_by_measurement(name, mixed):
    theta, states = inputs()
    wanted = np.array([expected(name, rho, CONFUSION) for rho in mixed])
    draw = run(shots(20), READOUTS[name], NOISE, jax.random.key(3))
    found = draw(theta, states)
    np.testing.assert_array_equal(found, draw(theta, states))
    counts = np.asarray(found) * 20 if name == "bases" else (1 + np.asarray(found)) * 10
    close(counts, np.round(counts), 1e-4)
    many = run(shots(10**6), READOUTS[name], NOISE, jax.random.key(3))(theta, states)
    assert 0 < np.abs(many - wanted).max() < 5e-3


def test_strings_of_one_measurement_are_correlated_and_those_of_two_are_not():
    bell = jnp.array([[1, 0, 0, 1]]) / np.sqrt(2)
    circuit, key = hea(qubits=2, layers=1), jax.random.key(1)
    bare = circuit.__class__(2, 1, circuit.gates[:1])  # one rotation, by nothing
    options = {"measured": (0, 1), "readout": readouts.strings("ZI", "IZ", "XX", "XI", "IX"), "key": key}
    found = shots(11).expectations(bare, jnp.zeros(bare.shape), bell, **options)[0]
    assert found[0] == found[1] != 0
    assert found[2] == 1
    assert found[3] == found[4] != found[0]


def test_gradients_of_readouts():
    with jax.enable_x64(True):
        theta, states = (np.asarray(part, dtype) for part, dtype in zip(inputs(), (float, complex), strict=True))
        for noise in (None, NOISE):
            simulate = run(exact(), READOUTS["strings"], noise)
            check_grads(lambda angles, f=simulate: f(angles, states), (theta,), 1, modes=("rev",), eps=1e-5)


def test_the_gradient_of_sampled_strings_is_the_exact_one():
    theta, states = inputs()

    def slope(simulator, key=None):
        simulate = run(simulator, READOUTS["strings"], None, key)
        return jax.jit(jax.grad(lambda theta: simulate(theta, states).sum()))(theta)

    close(slope(shots(5), jax.random.key(0)), slope(exact()), 1e-5)


def test_measurements_are_as_few_as_first_fit_finds():
    assert readouts.measurements(readouts.strings("ZZI", "XIX", "IZZ", "IXX"), 3) == ("ZZZ", "XXX")
    assert readouts.measurements(readouts.Z, 2) == ("ZZ",)
    assert readouts.measurements(readouts.expectation("Y"), 2) == ("YY",)
    assert readouts.measurements(readouts.probabilities("XZ", "ZX"), 2) == ("XZ", "ZX")
    assert readouts.observables(readouts.parity(), 3) == ("ZZZ",)


def test_a_student_has_a_head_for_what_is_read():
    sizes = {"X": 2, "strings": 6, "parity": 1, "probabilities": 4, "bases": 8}
    x = np.full((2, 3), 0.3, "float32")
    for name, count in sizes.items():
        student = QuantumStudent(
            CIRCUIT, 3, encodings.angle, MEASURED, readout=READOUTS[name], taps=("expectations",)
        )
        params = jax.jit(student.init)(jax.random.key(0), x)
        assert count_parameters(student, 3).classical == 3 * count + 3
        out = jax.eval_shape(student.apply, params, x)
        assert (out["expectations"].shape, out["logits"].shape) == ((2, count), (2, 3))
    assert hash(student) == hash(student.clone())


def test_a_list_of_strings_is_a_readout_and_may_be_the_logits():
    student = QuantumStudent(CIRCUIT, 2, encoding=encodings.angle, head="none", readout=["ZZI", "XIX"])
    assert student.readout == readouts.strings("ZZI", "XIX")
    x = np.full((1, 3), 0.3, "float32")
    params = student.init(jax.random.key(0), x)
    state = reference.angle_state(x[0], "y")
    (final,) = reference.final_states(CIRCUIT, params["params"]["theta"], state[None])
    wanted = [final.conj() @ on_all(letters, (0, 1, 2)) @ final for letters in ("ZZI", "XIX")]
    close(student.apply(params, x)[0], np.real(wanted))


def test_explain_says_what_is_read():
    student = QuantumStudent(CIRCUIT, 2)
    assert explain(student).endswith("<Z> of each of qubits 0, 1, 2 is read, in one measurement.")
    texts = {
        "parity": "The parity of qubits 2, 0 is read, in one measurement.",
        "probabilities": "The probability of each of the 4 outcomes of qubits 2, 0 is read, in one measurement.",
        "strings": "The mean of YX, ZZ, XI, IY, ZI, YY on qubits 2, 0 is read, in 4 measurements: "
        "of YX, ZZ, XY, YY.",
    }
    for name, text in texts.items():
        assert explain(student.clone(measured=MEASURED, readout=READOUTS[name])).endswith(text)


@pytest.mark.parametrize(
    ("readout", "message"),
    [
        ("ZZI", r"`readout` must be a readout or a list of Pauli strings, but is 'ZZI'. Write \["),
        (readouts.parity, "`readout` must be a readout or a list .* with parentheses"),
        (["ZZ"], "`readout` must hold strings of one letter for each of the 3 measured qubits, but is .'ZZ'"),
        (["ZQZ"], "`readout` must hold strings of the letters I, X, Y, Z, .* but is 'ZQZ'"),
        (["III"], "`readout` must hold strings of the letters I, X, Y, Z, with one other than I, but is 'III'"),
        ([3], "`readout` must hold strings of the letters"),
        ([], "`readout` must hold at least one value"),
        (["ZZZ", "ZZZ"], "`readout` must hold each value once"),
        (readouts.probabilities("XX"), "`readout` must hold strings of one letter for each of the 3"),
        (
            readouts.parity(),
            '`readout` must give as many values as the 3 classes where head is "none", but is one',
        ),
    ],
)
def test_readouts_that_do_not_fit_are_refused(readout, message):
    with pytest.raises(ValueError, match=message):
        QuantumStudent(CIRCUIT, 3, head="none", readout=readout)
    QuantumStudent(CIRCUIT, 3, head="none", readout=["ZZI", "XII", "IYY"])


def test_letters_that_are_none_are_refused():
    with pytest.raises(ValueError, match="`letter` must be one of 'X', 'Y', 'Z', but is 'I'"):
        readouts.expectation("I")
    with pytest.raises(ValueError, match=r"`readout` must hold bases of X, Y, Z alone, but is \['XI'\]"):
        readouts.probabilities("XI")
    with pytest.raises(ValueError, match=r"`readout\.kind` must be one of"):
        readouts.Readout("variance")
