import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import devices
from jaxqkd.circuits import Circuit, Gate, hea, universal
from jaxqkd.devices import noise
from jaxqkd.devices.timing import waits
from jaxqkd.quantum import channels
from jaxqkd.quantum.simulators import exact
from tests.devices import aer
from tests.devices.test_layout import line

LINE = line([0.01, 0.02, 0.03])
CHAIN = universal(qubits=3, layers=2)


def ours(compiled, theta, model):
    """<Z> of each qubit of the circuit that was compiled, from |0...0>."""
    states = jnp.zeros((1, 2**compiled.circuit.qubits)).at[0, 0].set(1)
    run = jax.jit(functools.partial(exact().expectations, compiled.circuit, measured=compiled.final))
    return np.asarray(run(jnp.asarray(theta.reshape(compiled.circuit.shape)), states, noise=model))[0]


def test_relaxation_and_depolarizing_together_have_the_reported_error():
    qubit = LINE.qubits[0]
    matrix = noise._channel(LINE, devices.Calibration(0.01, 1e-7), (0, 1))
    assert 1 - (np.trace(matrix) / 4 + 1) / 5 == pytest.approx(0.01)
    slow = noise._channel(LINE, devices.Calibration(1e-9, 1e-6), (0,))  # relaxation alone has more
    np.testing.assert_allclose(slow, noise.relaxation(qubit, 1e-6))


def test_relaxation_is_that_of_channels():
    expected = channels.thermal_relaxation(1e-4, 1e-4, 1e-5)
    np.testing.assert_allclose(noise.relaxation(LINE.qubits[0], 1e-5), channels.transfer(expected), atol=1e-6)


def test_virtual_gates_are_free_of_noise():
    model = LINE.noise(LINE.compile(CHAIN))
    assert model.gates["rz"] == ()
    assert model.gates["sx"].leading == (3,)
    assert len(model.gates["cz"].pairs) == model.gates["cz"].leading[0]


def test_readouts_are_those_of_the_qubits_of_the_layout():
    device = line([0.01, 0.01], readouts=[0.01, 0.02, 0.04])
    compiled = device.compile(hea(qubits=2, layers=1), layout=(2, 1))
    confusion = device.noise(compiled).confusion
    np.testing.assert_allclose(confusion[:, 0, 1], [0.04, 0.02], atol=1e-7)
    assert device.noise(compiled, readout="none").confusion is None
    with pytest.raises(ValueError, match="`readout` must be one of"):
        device.noise(compiled, readout="nonsense")


def test_faults_that_a_circuit_meets_are_refused_and_others_are_not():
    broken = line([0.01, 1.0, 0.03])
    compiled = LINE.compile(CHAIN, layout=(0, 1, 2))
    with pytest.raises(
        ValueError, match=r"calibrated where the circuit acts, but is pair \(1, 2\): cz error is 1"
    ):
        broken.noise(compiled)
    assert broken.noise(LINE.compile(hea(qubits=2, layers=1), layout=(2, 3))).gates


def test_t2_above_twice_t1_is_warned_of_and_cut():
    qubit = devices.Qubit(1e-4, 3e-4, 0.0, 0.0, 0.0)
    device = line([0.01])
    device = type(device)("odd", "", (qubit, device.qubits[1]), device.gates, device.basis, device.coupling)
    with pytest.warns(UserWarning, match="odd, qubit 0: T2 is 3 T1, more than twice T1"):
        device.noise(device.compile(universal(qubits=2, layers=1), layout=(0, 1)))
    np.testing.assert_allclose(noise.relaxation(qubit, 1e-4)[1, 1], np.exp(-0.5))


SEQUENCE = (Gate("sx", (0,)), Gate("cz", (0, 1)), Gate("sx", (2,)), Gate("cz", (1, 2)))


def test_waits_are_the_gaps_of_the_schedule():
    lengths = [1.0, 3.0, 2.0, 3.0]
    soon = list(waits(SEQUENCE, lengths, 3, latest=False))
    late = list(waits(SEQUENCE, lengths, 3, latest=True))
    assert soon == [(1, 1, 1.0), (3, 2, 2.0), (4, 0, 3.0)]
    assert late == [(1, 1, 1.0), (2, 2, 2.0), (4, 0, 3.0)]


def test_idle_qubits_relax():
    circuit = Circuit(2, 1, (Gate("x", (0,)), *[Gate("sx", (1,))] * 4, Gate("rz", (0,), theta=0)))
    device = line([0.01])
    device.gates["x"] = device.gates["sx"]
    compiled = devices.Compiled(circuit, (0, 1), (0, 1))
    busy = ours(compiled, np.zeros((1, 1)), device.noise(compiled))
    for kind, waiting in (("asap", 3), ("alap", 0)):
        found = ours(compiled, np.zeros((1, 1)), device.noise(compiled, idle=kind))
        kept = np.exp(-waiting * 3e-8 / 1e-4)  # a qubit that waits before its X waits in the ground state
        scale = 0.98  # of the readout, errs 1 in 100 in both directions
        true, before = found / scale, busy / scale
        np.testing.assert_allclose(true[0], 1 - kept + kept * before[0], atol=1e-6)
    with pytest.raises(ValueError, match="`idle` must be one of"):
        device.noise(compiled, idle="never")


AER = ("hanoi", "fez", "torino", "sherbrooke", "kyiv")


def compare(name, circuit):
    from qiskit_aer.noise import NoiseModel

    device = devices.load(name)
    compiled = device.compile(circuit)
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, circuit.shape)
    model = NoiseModel.from_backend(aer.part(aer.fake(name)(), compiled.layout))
    z = aer.as_read(aer.expectations(aer.bound(compiled, theta), model), model)[list(compiled.final)]
    return abs(z - ours(compiled, theta, device.noise(compiled, readout="mean"))).max()


@pytest.mark.filterwarnings("ignore:.*more than twice T1")
@pytest.mark.parametrize("name", ["hanoi", "fez"])
def test_expectation_values_are_those_of_aer_for_the_backend(name):
    assert compare(name, universal(qubits=4, layers=2, hadamard=True)) < 1e-6


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore:.*more than twice T1")
@pytest.mark.parametrize("name", AER)
@pytest.mark.parametrize("circuit", [universal(qubits=6, layers=3, hadamard=True), hea(qubits=4, layers=2)])
def test_five_devices_agree_with_aer(name, circuit):
    assert compare(name, circuit) < 1e-6


def test_expectation_values_are_those_of_aer_with_our_channels():
    from qiskit_aer.noise import NoiseModel

    circuit = hea(qubits=3, layers=2)
    compiled, theta = LINE.compile(circuit), np.random.default_rng(1).uniform(-np.pi, np.pi, circuit.shape)
    model, theirs = LINE.noise(compiled), NoiseModel()
    for name, channel in model.gates.items():
        if channel == ():
            continue
        operators = np.asarray(channels.kraus(channel), complex)
        for row, where in enumerate(channel.pairs or [(qubit,) for qubit in range(3)]):
            theirs.add_quantum_error(as_error(operators[row]), name, where)
    z = aer.as_read(aer.expectations(aer.bound(compiled, theta), theirs), theirs)[list(compiled.final)]
    confusion = np.asarray(model.confusion)
    line_of = channels.confusion_line(confusion, compiled.final)
    np.testing.assert_allclose(ours(compiled, theta, model), line_of[0] * z + line_of[1], atol=1e-6)


def as_error(operators):
    """Aer's error of Kraus operators, whose last qubit is Qiskit's first."""
    from qiskit.quantum_info import Kraus
    from qiskit_aer.noise import QuantumError

    norm = np.einsum("nji,njk->ik", operators.conj(), operators)  # the identity, but for the rounding of float32
    values, vectors = np.linalg.eigh(norm)
    operators = operators @ (vectors / np.sqrt(values) @ vectors.conj().T)
    if operators.shape[-1] == 4:
        order = [0, 2, 1, 3]
        operators = operators[:, order][:, :, order]
    return QuantumError(Kraus(list(operators)))


def test_all_pairs_are_ordered():
    compiled = LINE.compile(CHAIN)
    pairs = LINE.noise(compiled).gates["cz"].pairs
    assert all(compiled.layout[b] - compiled.layout[a] in (-1, 1) for a, b in itertools.chain(pairs))
