import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

import jaxqkd as jq
from jaxqkd.circuits import Circuit, Gate, hea, universal
from jaxqkd.quantum import NoiseModel, channels, paulis
from jaxqkd.quantum.noise.schedule import schedule
from jaxqkd.quantum.simulators import exact, pauli, statevector
from jaxqkd.quantum.simulators.pauli import fusion
from tests import reference
from tests.reference import FIXED, ROTATIONS

CHANNELS = {
    "bit flip": (channels.bit_flip, lambda p: reference.pauli_channel([1 - p, p, 0, 0])),
    "phase flip": (channels.phase_flip, lambda p: reference.pauli_channel([1 - p, 0, 0, p])),
    "depolarizing": (channels.depolarizing, reference.depolarizing),
    "amplitude damping": (channels.amplitude_damping, reference.amplitude_damping),
    "phase damping": (channels.phase_damping, reference.phase_damping),
    "thermal relaxation": (
        lambda p: channels.thermal_relaxation(2.0, 3.0, p),
        lambda p: reference.thermal_relaxation(2.0, 3.0, p),
    ),
}
EVERYTHING = NoiseModel(
    one_qubit_gates=[channels.amplitude_damping(0.1), channels.bit_flip(0.05)],
    two_qubit_gates=(channels.depolarizing(0.1, qubits=2), channels.phase_damping(0.2)),
    layers=channels.thermal_relaxation(1.0, 1.5, 0.2),
    readout=channels.depolarizing(0.15),
    confusion=channels.readout_error(0.05, 0.1),
    mid_circuit=[(1,), ()],
)
THE_SAME = {
    "one": [reference.amplitude_damping(0.1), reference.pauli_channel([0.95, 0.05, 0, 0])],
    "two": [reference.depolarizing(0.1, 2), reference.phase_damping(0.2)],
    "layer": [reference.thermal_relaxation(1.0, 1.5, 0.2)],
    "final": [reference.depolarizing(0.15)],
    "confusion": [[0.95, 0.05], [0.1, 0.9]],
    "mid_circuit": [(1,), ()],
}


def draw(circuit, batch, *, is_complex=False, seed=0):
    random = np.random.default_rng(seed)
    theta = random.uniform(-np.pi, np.pi, circuit.shape).astype("float32")
    states = random.normal(size=(batch, 2**circuit.qubits)).astype("float32")
    states = states + 1j * random.normal(size=states.shape).astype("float32") if is_complex else states
    states = states / np.linalg.norm(states, axis=1, keepdims=True)
    x = random.normal(size=(batch, 3)).astype("float32")
    return theta, states, x if circuit.features else None


def every_gate(qubits, seed, *, driven):
    """A circuit with each gate that fits, in random order on random qubits, rotations also by features."""
    random = np.random.default_rng(seed)
    fitting = {name: size for name, size in (FIXED | ROTATIONS).items() if size <= qubits}
    places = [(name, tuple(random.permutation(qubits)[:size].tolist())) for name, size in fitting.items()]
    fixed = [Gate(*place) for place in places if place[0] in FIXED]
    turns = [place for place in places if place[0] in ROTATIONS]
    trained = [Gate(*place, theta=index) for index, place in enumerate(turns)]
    turned = [Gate(*place, x=int(random.integers(3))) for place in turns] * driven
    gates, prefix = [*fixed, *trained, *turned], [*fixed, *turned]
    random.shuffle(gates)
    random.shuffle(prefix)
    return Circuit(qubits, 2, tuple(map(tuple, gates)), tuple(map(tuple, prefix)), scale=0.5)


def reader(circuit, measured=None):
    measured = tuple(range(circuit.qubits)) if measured is None else measured

    @jax.jit
    def run(theta, states, x, noise):
        return exact().expectations(circuit, theta, states, measured=measured, x=x, noise=noise)

    return run


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


SMALL = hea(qubits=2, layers=1)
READ_SMALL = reader(SMALL, measured=(1, 0))


@pytest.mark.parametrize("name", CHANNELS)
def test_each_channel_in_each_place_equals_density_matrices(name):
    ours, theirs = CHANNELS[name]
    circuit = SMALL
    theta, states, _ = draw(circuit, 2)
    for place, other in {
        "one_qubit_gates": "one",
        "two_qubit_gates": "two",
        "layers": "layer",
        "readout": "final",
    }.items():
        found = READ_SMALL(theta, states, None, NoiseModel(**{place: ours(0.3)}))
        expected = reference.noisy_expectations(circuit, theta, states, (1, 0), **{other: [theirs(0.3)]})
        close(found, expected)


@pytest.mark.parametrize(
    "circuit", [hea(qubits=2, layers=2), universal(qubits=3, layers=2, hadamard=True), hea(qubits=4, layers=2)]
)
def test_all_noise_together_equals_density_matrices(circuit):
    qubits = circuit.qubits
    theta, states, _ = draw(circuit, 2, is_complex=qubits == 3)
    measured = (qubits - 1, 0)
    found = reader(circuit, measured)(theta, states, None, EVERYTHING)
    close(found, reference.noisy_expectations(circuit, theta, states, measured, **THE_SAME))


@pytest.mark.parametrize(("qubits", "seed", "driven"), [(2, 0, False), (3, 1, True)])
def test_random_circuits_of_every_gate_equal_density_matrices(qubits, seed, driven):
    circuit = every_gate(qubits, seed, driven=driven)
    theta, states, x = draw(circuit, 2, is_complex=seed == 0)
    noise = NoiseModel(
        one_qubit_gates=channels.depolarizing(0.02), two_qubit_gates=channels.amplitude_damping(0.05)
    )
    same = {"one": [reference.depolarizing(0.02)], "two": [reference.amplitude_damping(0.05)]}
    found = reader(circuit)(theta, states, x, noise)
    close(found, reference.noisy_expectations(circuit, theta, states, range(qubits), x, **same))


def test_six_qubits_with_noise_after_every_entangler_equal_density_matrices():
    circuit = hea(qubits=6, layers=1)
    theta, states, _ = draw(circuit, 1)
    noise = NoiseModel(two_qubit_gates=channels.phase_damping(0.1))
    same = {"two": [reference.phase_damping(0.1)]}
    expected = reference.noisy_expectations(circuit, theta, states, range(6), **same)
    close(reader(circuit)(theta, states, None, noise), expected)


def test_strengths_of_each_qubit_are_its_own():
    circuit, p = universal(qubits=3, layers=1), np.array([0.0, 0.2, 0.5])
    theta, states, _ = draw(circuit, 2)
    noise = NoiseModel(readout=channels.bit_flip(p), confusion=jax.vmap(channels.readout_error)(p, p / 2))
    clean = np.asarray(reader(circuit)(theta, states, None, None))
    expected = clean * (1 - 2 * p) * (1 - 1.5 * p) - p / 2
    close(reader(circuit)(theta, states, None, noise), expected)


def test_layer_qubits_alone_have_the_noise_of_layers():
    circuit = Circuit(2, 3, (Gate("ry", (0,), theta=0), Gate("ry", (1,), theta=1)))
    theta, states, _ = draw(circuit, 2)
    noise = NoiseModel(layers=channels.depolarizing(0.1), layer_qubits=[1])
    clean = np.asarray(reader(circuit)(theta, states, None, None))
    close(reader(circuit)(theta, states, None, noise), clean * np.array([1, 0.9**3]))


def test_qubits_measured_after_different_layers_equal_density_matrices():
    circuit = hea(qubits=3, layers=3)
    theta, states, _ = draw(circuit, 2)
    mid_circuit = ((), (2,), (1, 2))
    found = reader(circuit, (0,))(theta, states, None, NoiseModel(mid_circuit=mid_circuit))
    close(found, reference.noisy_expectations(circuit, theta, states, (0,), mid_circuit=mid_circuit))
    unmeasured = reader(circuit, (0,))(theta, states, None, None)
    assert np.abs(found - unmeasured).max() > 0.01
    last = reader(circuit, (0,))(theta, states, None, NoiseModel(mid_circuit=((), (), (0, 1, 2))))
    close(last, unmeasured)


def test_float64_has_the_accuracy_of_complex128():
    circuit = hea(qubits=3, layers=2)
    theta, states, _ = (None if a is None else a.astype(float) for a in draw(circuit, 2))
    with jax.enable_x64(True):
        noise = NoiseModel(
            one_qubit_gates=channels.thermal_relaxation(1.0, 1.5, 0.2), mid_circuit=EVERYTHING.mid_circuit
        )
        found = reader(circuit)(theta, states, None, noise)
    same = {"one": [reference.thermal_relaxation(1.0, 1.5, 0.2)], "mid_circuit": EVERYTHING.mid_circuit}
    assert found.dtype == "float64"
    close(found, reference.noisy_expectations(circuit, theta, states, range(3), **same), 1e-12)


@pytest.mark.parametrize("driven", [False, True])
@pytest.mark.slow
def test_gradients_by_angles_strengths_states_and_features(driven):
    turn = Gate("ry", (0,), x=0) if driven else Gate("h", (0,))
    circuit = Circuit(2, 2, (Gate("ry", (0,), theta=0), Gate("rzz", (0, 1), theta=1), turn, Gate("cnot", (1, 0))))

    def read(theta, p, states, x):
        noise = NoiseModel(channels.amplitude_damping(p[0]), channels.depolarizing(p[1], qubits=2))
        return pauli.expectations(circuit, theta, states, measured=(0, 1), x=x, noise=noise)

    with jax.enable_x64(True):
        theta, states, x = (None if a is None else jnp.asarray(a, float) for a in draw(circuit, 2))
        arguments = (theta, jnp.array([0.1, 0.2]), states, jnp.zeros((2, 1)) if x is None else x)
        check_grads(jax.jit(read), arguments, order=1, modes=("rev",), eps=1e-5, atol=1e-8, rtol=1e-8)


ROTATED = Circuit(1, 1, (Gate("ry", (0,), theta=0),))


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (NoiseModel(channels.depolarizing(0.2)), lambda z: 0.8 * z),
        (NoiseModel(layers=channels.bit_flip(0.2)), lambda z: 0.6 * z),
        (NoiseModel(readout=channels.phase_flip(0.2)), lambda z: z),
        (NoiseModel(channels.phase_damping(0.2)), lambda z: z),
        (NoiseModel(channels.amplitude_damping(0.2)), lambda z: 0.2 + 0.8 * z),
        (NoiseModel(channels.thermal_relaxation(1.0, 2.0, np.log(5))), lambda z: 0.8 + 0.2 * z),
        (NoiseModel(confusion=np.array([[0.9, 0.1], [0.3, 0.7]])), lambda z: 0.2 + 0.6 * z),
        (NoiseModel(mid_circuit=((0,),)), lambda z: z),
        (NoiseModel(channels.depolarizing(1.0)), lambda z: 0 * z),
    ],
)
def test_one_qubit_has_its_analytic_answer(noise, expected):
    angles = jnp.linspace(-3, 3, 5)
    zero = jnp.array([[1.0, 0.0]])
    read = jax.vmap(lambda angle: pauli.expectations(ROTATED, angle[None, None], zero, measured=(0,), noise=noise))
    close(read(angles)[:, 0, 0], expected(np.cos(angles)))


@pytest.mark.parametrize(
    ("channel", "scale"),
    [
        (channels.phase_flip(0.2), 0.6),
        (channels.phase_damping(0.36), 0.8),
        (channels.amplitude_damping(0.36), 0.8),
        (channels.thermal_relaxation(2.0, 1.0, 0.5), np.exp(-0.5)),
        (channels.depolarizing(0.2), 0.8),
        (channels.bit_flip(0.2), 1.0),
    ],
)
def test_coherences_shrink_by_the_analytic_factor(channel, scale):
    circuit = Circuit(1, 2, (Gate("h", (0,)),))  # |+>, then back to |0> but for what was lost in between
    noise = NoiseModel(layers=channel)
    found = pauli.expectations(circuit, jnp.zeros((2, 0)), jnp.eye(2)[:1], measured=(0,), noise=noise)
    after = channels.transfer(channel)
    fall, factor = (0, after[3]) if after.ndim == 1 else (after[3, 0], after[3, 3])
    close(found, [[fall + factor * scale]])


@pytest.mark.parametrize(
    "channel",
    [
        channels.bit_flip(0.1),
        channels.depolarizing(0.3, qubits=2),
        channels.amplitude_damping(0.4),
        channels.phase_damping(0.4),
        channels.thermal_relaxation(1.0, 1.2, 0.7),
    ],
)
def test_kraus_operators_preserve_the_trace_and_are_the_same_channel(channel):
    operators, strings = np.asarray(channels.kraus(channel)), paulis.strings(channel.qubits)
    close(np.einsum("nij,nik->jk", operators.conj(), operators), np.eye(2**channel.qubits))
    mapped = np.einsum("nij,bjk,nlk->bil", operators, strings, operators.conj())
    found = np.einsum("aij,bji->ab", strings, mapped).real / 2**channel.qubits
    transfer = np.asarray(channels.transfer(channel))
    close(found, transfer if transfer.ndim == 2 else np.diag(transfer))


def test_without_strength_noise_does_nothing_and_without_noise_nothing_changes():
    circuit = hea(qubits=3, layers=2)
    theta, states, _ = draw(circuit, 9)
    none = [make(0.0) for make, _ in CHANNELS.values()]
    noise = NoiseModel(none, channels.depolarizing(0.0, qubits=2), none, none, channels.readout_error(0.0, 0.0))
    clean = reader(circuit)(theta, states, None, None)
    close(reader(circuit)(theta, states, None, noise), clean)
    plain = jax.jit(functools.partial(statevector.expectations, circuit, measured=(0, 1, 2)))(theta, states)
    np.testing.assert_array_equal(clean, plain)


def test_tensorcircuit_has_the_same_density_matrices():
    tc = pytest.importorskip("tensorcircuit")
    circuit = hea(qubits=3, layers=2)
    theta, states, _ = draw(circuit, 1)
    theirs = tc.DMCircuit(3, inputs=states[0])
    for angles in theta:
        for gate in circuit.gates:
            turn = {} if gate.theta is None else {"theta": float(angles[gate.theta])}
            getattr(theirs, gate.name)(*gate.qubits, **turn)
            if len(gate.qubits) == 2:
                theirs.generaldepolarizing(*gate.qubits, p=0.1 / 16, num_qubits=2)
        for qubit in range(3):
            theirs.amplitudedamping(qubit, gamma=0.1, p=1.0)
            theirs.phasedamping(qubit, gamma=0.2)
    expected = [[np.real(theirs.expectation_ps(z=[qubit])) for qubit in range(3)]]
    layers = [channels.amplitude_damping(0.1), channels.phase_damping(0.2)]
    noise = NoiseModel(two_qubit_gates=channels.depolarizing(0.1, qubits=2), layers=layers)
    close(reader(circuit)(theta, states, None, noise), expected)


def test_qiskit_aer_has_the_same_density_matrices():
    qiskit = pytest.importorskip("qiskit")
    aer, errors = pytest.importorskip("qiskit_aer"), pytest.importorskip("qiskit_aer.noise")
    circuit = universal(qubits=3, layers=2)
    theta, states, _ = draw(circuit, 1, is_complex=True)
    bits = list(reversed(range(3)))  # Qiskit's qubit 0 is the least significant bit
    theirs = qiskit.QuantumCircuit(3)
    theirs.set_density_matrix(qiskit.quantum_info.DensityMatrix(np.asarray(states[0], complex)))
    for angles in theta:
        for gate in circuit.gates:
            qubits = [bits[qubit] for qubit in gate.qubits]
            getattr(theirs, gate.name)(float(angles[gate.theta]), *qubits)
            theirs.append(errors.depolarizing_error(0.1, len(qubits)), qubits)
        for qubit in bits:
            theirs.append(errors.thermal_relaxation_error(1.0, 1.5, 0.2), [qubit])
            theirs.append(errors.pauli_error([("X", 0.1), ("I", 0.9)]), [qubit])
    theirs.save_density_matrix()
    rho = aer.AerSimulator(method="density_matrix").run(theirs, shots=1).result().data()["density_matrix"]
    rho = np.asarray(rho)
    expected = [[np.trace(reference.embed(reference.PAULIS["z"], (q,), 3) @ rho).real for q in range(3)]]
    noise = NoiseModel(
        one_qubit_gates=channels.depolarizing(0.1),
        two_qubit_gates=channels.depolarizing(0.1, qubits=2),
        layers=[channels.thermal_relaxation(1.0, 1.5, 0.2), channels.bit_flip(0.1)],
    )
    close(reader(circuit)(theta, states, None, noise), expected)


def equations(jaxpr):
    nested = [value for equation in jaxpr.eqns for value in equation.params.values()]
    return len(jaxpr.eqns) + sum(equations(value.jaxpr) for value in nested if hasattr(value, "jaxpr"))


def test_the_traced_program_does_not_grow_with_the_layers():
    def size(layers):
        circuit = hea(qubits=3, layers=layers)
        theta, states, _ = draw(circuit, 2)
        noise = replace(EVERYTHING, mid_circuit=((1,),) * layers)
        read = functools.partial(pauli.expectations, circuit, measured=(0,), noise=noise)
        return equations(jax.make_jaxpr(jax.grad(lambda theta: read(theta, states).sum()))(theta).jaxpr)

    assert size(50) == size(2) > 10


def test_gates_that_repeat_are_fused_in_order():
    hadamards = [Gate("h", (qubit,)) for qubit in (0, 1)]
    turn, entangler, other = Gate("ry", (2,), theta=0), Gate("cnot", (0, 1)), Gate("cz", (1, 2))
    gates = (*hadamards, entangler, hadamards[0], turn, other, hadamards[1], entangler, turn, *hadamards, other)
    circuit = Circuit(3, 2, gates)
    theta, states, _ = draw(circuit, 3)
    close(reader(circuit)(theta, states, None, NoiseModel()), reader(circuit)(theta, states, None, None))


def test_a_layer_without_gates_has_its_noise():
    circuit = Circuit(1, 3, (), (Gate("x", (0,)),))
    noise = NoiseModel(layers=channels.amplitude_damping(0.5))
    found = pauli.expectations(circuit, jnp.zeros((3, 0)), jnp.eye(2)[:1], measured=(0,), noise=noise)
    close(found, [[0.75]])
    close(
        pauli.expectations(circuit, jnp.zeros((3, 0)), jnp.eye(2)[:1], measured=(0,), noise=NoiseModel()), [[-1]]
    )


def kinds(circuit, noise):
    steps = fusion.fused(schedule(circuit, noise, range(circuit.qubits)).layer, circuit.qubits)
    return [step.qubits if isinstance(step, fusion.Block) else None for step in steps]


@pytest.mark.parametrize(
    ("circuit", "noise", "expected"),
    [
        (hea(qubits=6, layers=1), NoiseModel(), [(0, 1), (2, 3), (4, 5), None]),
        (
            hea(qubits=6, layers=1),
            NoiseModel(channels.amplitude_damping(0.1), channels.depolarizing(0.1), channels.phase_flip(0.1)),
            [(0, 1), (2, 3), (4, 5), None],
        ),
        (hea(qubits=2, layers=1), NoiseModel(two_qubit_gates=channels.amplitude_damping(0.1)), [(0, 1)]),
        (universal(qubits=4, layers=1), NoiseModel(channels.bit_flip(0.1)), [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_the_steps_of_a_layer_are_few(circuit, noise, expected):
    assert kinds(circuit, noise) == expected


STUDENT = jq.models.QuantumStudent(hea(qubits=3, layers=2), classes=3, measured=(0, 1))


@pytest.mark.slow
def test_a_sweep_over_a_strength_trains_and_starts_at_the_noiseless_training():
    data = jq.data.xor_bits(jax.random.key(0), count=20, bits=4)
    data = data._replace(x=data.x + 0.5)
    base = jq.models.QuantumStudent(hea(qubits=2, layers=1), classes=3)

    def run(key, hparams):
        noisy = base.clone(noise=NoiseModel(layers=channels.depolarizing(hparams["p"])))
        outs = [jq.fit(key, own, data, jq.losses.hard(), optax.adam(0.1), epochs=3) for own in (noisy, base)]
        scores = [own.apply(out.params, data.x) for own, out in zip((noisy, base), outs, strict=True)]
        return outs[0].params, *scores

    params, noisy, clean = jq.sweep(run, jax.random.split(jax.random.key(1), 2), jq.grid(p=[0.0, 0.2]))
    close(noisy[0], clean[0], 1e-5)
    assert np.abs(noisy[1] - clean[1]).min(axis=-1).max() > 0.01
    other = base.clone(noise=NoiseModel(layers=channels.depolarizing(0.2)))
    first = jax.tree.map(lambda leaf: leaf[1, 0], params)
    close(noisy[1, 0], jax.jit(other.apply)(first, data.x), 1e-5)


def test_a_student_without_noise_is_hashable_and_equals_its_clone():
    assert hash(STUDENT) == hash(STUDENT.clone())
    assert STUDENT.clone() == STUDENT
    hash(STUDENT.clone(noise=NoiseModel(channels.bit_flip(0.1))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: channels.bit_flip(1.5), "`p` must lie between 0 and 1, but is 1.5"),
        (lambda: channels.phase_flip(-0.1), "`p` must lie between 0 and 1"),
        (lambda: channels.depolarizing(np.array([0.1, 1.1])), "`p` must lie between 0 and 1"),
        (lambda: channels.depolarizing(0.1, qubits=3), "`qubits` must be one of 1, 2, but is 3"),
        (lambda: channels.amplitude_damping(np.nan), "`gamma` must lie between 0 and 1"),
        (lambda: channels.phase_damping(2), "`gamma` must lie between 0 and 1"),
        (lambda: channels.thermal_relaxation(0.0, 1.0, 1.0), "`t1` must be positive"),
        (lambda: channels.thermal_relaxation(1.0, 2.5, 1.0), "`t2` must be at most twice t1, but is 2.5"),
        (lambda: channels.thermal_relaxation(1.0, 2.0, -1.0), "`time` must be finite and not negative"),
        (lambda: channels.readout_error(0.1, 1.1), "`zero_for_one` must lie between 0 and 1"),
    ],
)
def test_strengths_that_no_channel_has_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (
            NoiseModel(channels.depolarizing(0.1, qubits=2)),
            "`noise.one_qubit_gates` must hold channels on one qubit only",
        ),
        (NoiseModel(layers=0.1), "`noise.layers` must hold channels, but is a float"),
        (
            NoiseModel(readout=channels.bit_flip(np.zeros(2))),
            r"on one qubit \[3\] numbers, but is of shape \(2,\)",
        ),
        (
            NoiseModel(layer_qubits=(3,)),
            r"`noise.layer_qubits` must name distinct qubits out of 0 ... 2, but is \[3\]",
        ),
        (NoiseModel(layer_qubits=(1, 1)), "`noise.layer_qubits` must name distinct qubits"),
        (
            NoiseModel(mid_circuit=((0,),)),
            "`noise.mid_circuit` must have one tuple of qubits for each of the 2 layers",
        ),
        (NoiseModel(mid_circuit=((0,), (-1,))), r"`noise.mid_circuit` must name distinct qubits .* \[-1\]"),
        (NoiseModel(confusion=np.eye(3)), r"`confusion` must have the shape \[2, 2\]"),
        (NoiseModel(confusion=np.full((2, 2), 0.6)), "`confusion` must have rows that sum to 1"),
        (NoiseModel(confusion=np.array([[2, -1], [0, 1]])), "`confusion` must lie between 0 and 1"),
    ],
)
def test_noise_that_does_not_fit_a_student_is_refused(noise, message):
    with pytest.raises(ValueError, match=message):
        STUDENT.clone(noise=noise)


def test_noise_that_fits_a_student_is_taken():
    channel = channels.depolarizing(np.array([0.0, 0.1, 1.0]))
    fits = NoiseModel([channel], [channels.depolarizing(0.1, qubits=2)], layer_qubits=(2, 0))
    assert STUDENT.clone(noise=fits).noise is fits
    assert STUDENT.clone(noise=replace(fits, confusion=np.eye(2), mid_circuit=((2,), (1, 2)))).noise.mid_circuit


def test_two_qubit_channels_do_not_fit_a_gate_on_three():
    circuit = Circuit(3, 1, (Gate("toffoli", (0, 1, 2)),))
    with pytest.raises(ValueError, match="three, but is one on 2 for"):
        jq.models.QuantumStudent(
            circuit, 3, noise=NoiseModel(two_qubit_gates=channels.depolarizing(0.1, qubits=2))
        )
    assert jq.models.QuantumStudent(circuit, 3, noise=NoiseModel(two_qubit_gates=channels.depolarizing(0.1))).noise


def test_a_circuit_too_large_for_exact_noise_is_refused_with_what_fits():
    circuit = hea(qubits=16, layers=2)
    shapes = jnp.zeros(circuit.shape), jnp.zeros((1, 2**16))
    noise = NoiseModel(layers=channels.depolarizing(0.1))
    with pytest.raises(ValueError, match=r"`qubits` must fit in the .* under noise, but is 16, .* \d+ qubits fit"):
        pauli.expectations(circuit, *shapes, measured=range(16), noise=noise)
