import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jaxqkd.circuits import Circuit, Gate, hea, universal
from jaxqkd.quantum.simulators import statevector
from jaxqkd.quantum.simulators.statevector import lowering
from tests import reference
from tests.reference import FIXED, ROTATIONS

FEATURES = 4


def every_gate(qubits, *, layers=2, seed=0, driven=True):
    """A circuit that has each gate that fits on random qubits in random order, each rotation also by a feature."""
    random = np.random.default_rng(seed)

    def draw(size):
        return tuple(random.permutation(qubits)[:size].tolist())

    rotations = {name: size for name, size in ROTATIONS.items() if size <= qubits}
    fixed = [Gate(name, draw(size)) for name, size in FIXED.items() if size <= qubits]
    trained = [Gate(name, draw(size), theta=index) for index, (name, size) in enumerate(rotations.items())]
    turned = [Gate(name, draw(size), x=int(random.integers(FEATURES))) for name, size in rotations.items()]
    prefix = [*fixed, *turned * driven]
    gates = [*prefix, *trained]
    random.shuffle(prefix)
    random.shuffle(gates)
    return Circuit(qubits, layers, tuple(map(tuple, gates)), tuple(map(tuple, prefix)), scale=0.5)


def every_step(layers):
    """A circuit of two qubits that has a step of each kind, by trained angles and by features."""
    angles = {name: Gate(name, tuple(range(ROTATIONS[name]))) for name in ("ry", "rzz", "rxx")}
    trained = [gate._replace(theta=index) for index, gate in enumerate(angles.values())]
    driven = [gate._replace(x=index) for index, gate in enumerate(angles.values())]
    hadamards = (Gate("h", (0,)), Gate("h", (1,)))
    return Circuit(2, layers, (*trained, Gate("cnot", (1, 0)), *driven), hadamards, scale=0.5)


def draw(circuit, batch, *, is_complex=True, seed=0):
    """Angles of one turn each way, states, and features, as float32 numbers; the features None if none is read."""
    random = np.random.default_rng(seed)
    theta = random.uniform(-2 * np.pi, 2 * np.pi, circuit.shape).astype("float32")
    states = random.normal(size=(batch, 2**circuit.qubits)).astype("complex64")
    if is_complex:
        states += 1j * random.normal(size=states.shape).astype("float32")
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    x = random.normal(scale=2, size=(batch, FEATURES)).astype("float32")
    return theta, states if is_complex else states.real, x if circuit.features else None


def final_states(circuit):
    def run(theta, states, x=None):
        real, imaginary = statevector.final_states(circuit, theta, states, x=x)
        return real + 1j * imaginary

    return run


def expectations(circuit, measured=None):
    measured = range(circuit.qubits) if measured is None else measured
    return lambda theta, states, x=None: statevector.expectations(circuit, theta, states, measured=measured, x=x)


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


ANSAETZE = {
    "hea": lambda n: hea(qubits=n, layers=3),
    "universal": lambda n: universal(qubits=n, layers=3, hadamard=True),
    "universal measured scale 4": lambda n: universal(qubits=n, layers=2, measured=range(n // 2, n), scale=4.0),
    "every gate": lambda n: every_gate(n, driven=False),
}


@pytest.mark.parametrize("qubits", [2, 3, 4, 6])
@pytest.mark.parametrize("name", ANSAETZE)
@pytest.mark.slow
def test_states_equal_the_reference_on_both_sides_of_the_contraction(name, qubits):
    circuit = ANSAETZE[name](qubits)
    is_complex = name in ("hea", "every gate")
    theta, states, _ = draw(circuit, 2**qubits + 1, is_complex=is_complex)
    measured = (qubits - 1, 0)

    @jax.jit
    def both_sides(theta, states):
        large, small = (final_states(circuit)(theta, some) for some in (states, states[:2]))
        return large, small, expectations(circuit, measured)(theta, states)

    large, small, read = both_sides(theta, states)
    assert (large.dtype, small.dtype, read.dtype) == ("complex64", "complex64", "float32")
    expected = reference.final_states(circuit, theta, states)
    close(large, expected)
    close(small, expected[:2])
    close(read, reference.expectations(circuit, theta, states, measured))


@pytest.mark.parametrize(("qubits", "seed", "batch"), [(1, 0, 3), (2, 1, 5), (3, 2, 9), (4, 3, 2), (6, 4, 3)])
def test_random_circuits_of_every_gate_and_features_equal_the_reference(qubits, seed, batch):
    circuit = every_gate(qubits, seed=seed)
    theta, states, x = draw(circuit, batch, seed=seed)
    close(
        jax.jit(final_states(circuit))(theta, states, x),
        reference.final_states(circuit, theta, states, x),
    )


@pytest.mark.parametrize(
    ("circuit", "batch"), [(hea(qubits=6, layers=5), 65), (universal(qubits=4, layers=5), 2), (every_gate(3), 3)]
)
def test_float64_has_the_accuracy_of_complex128(circuit, batch):
    theta, states, x = draw(circuit, batch, is_complex=batch == 3)
    states = states.astype("complex128" if batch == 3 else "float64")
    with jax.enable_x64(True):
        found = jax.jit(final_states(circuit))(theta.astype(float), states, x)
    assert found.dtype == "complex128"
    close(found, reference.final_states(circuit, theta, states, x), 1e-12)


@pytest.mark.parametrize(
    "circuit", [Circuit(1, 1, (Gate("ry", (0,), theta=0),)), Circuit(1, 1, (Gate("ry", (0,), x=0),))]
)
def test_ry_on_zero_gives_the_cosine(circuit):
    angles = jnp.linspace(-7, 7, 5)
    zero = jnp.array([[1.0, 0.0]])

    def read(angle):
        theta = jnp.full(circuit.shape, angle)
        return statevector.expectations(circuit, theta, zero, measured=(0,), x=angle.reshape(1, 1))[0, 0]

    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(read)))(angles)
    close(values, jnp.cos(angles))
    close(slopes, -jnp.sin(angles))


def test_a_bell_state():
    circuit = Circuit(2, 1, (Gate("h", (0,)), Gate("cnot", (0, 1))))
    theta, zero = jnp.zeros(circuit.shape), jnp.eye(4)[:1]
    close(jax.jit(final_states(circuit))(theta, zero), np.array([[1, 0, 0, 1]]) / np.sqrt(2))
    close(jax.jit(expectations(circuit))(theta, zero), [[0, 0]])


@pytest.mark.parametrize("measured", [(0,), (2, 0), (1, 2, 0)])
def test_kept_qubits_are_read_in_the_order_given(measured):
    circuit = Circuit(3, 1, (Gate("x", (1,)), Gate("ry", (2,), theta=0)))
    found = jax.jit(expectations(circuit, measured))(jnp.full((1, 1), 0.3), jnp.eye(8)[:1])
    close(found, [[(1, -1, np.cos(0.3))[qubit] for qubit in measured]])


@pytest.mark.parametrize(
    "circuit",
    [
        hea(qubits=6, layers=50),
        universal(qubits=6, layers=50, scale=4.0, hadamard=True),
        every_gate(4, layers=50, driven=False),
        every_step(layers=50),
    ],
)
def test_the_norm_stays_1_over_50_layers(circuit):
    batch = 3 if circuit.features else 2**circuit.qubits + 1
    final = np.asarray(jax.jit(final_states(circuit))(*draw(circuit, batch)), complex)
    close(np.linalg.norm(final, axis=1), 1, 1e-5)


@pytest.mark.parametrize("circuit", [hea(qubits=4, layers=5), every_gate(3, driven=False)])
def test_the_unitary_is_unitary_and_its_columns_are_images(circuit):
    theta, _, _ = draw(circuit, 1)
    found = np.asarray(jax.jit(functools.partial(statevector.unitary, circuit))(theta), complex)
    close(found @ found.conj().T, np.eye(2**circuit.qubits))
    close(found, reference.unitary(circuit, theta))


@pytest.mark.parametrize(("circuit", "batch"), [(every_step(layers=2), 2), (hea(qubits=2, layers=1), 5)])
def test_gradients_by_theta_states_and_features(circuit, batch):
    with jax.enable_x64(True):
        theta, states, x = draw(circuit, batch, is_complex=False)
        arguments = [jnp.asarray(value, float) for value in (theta, states, x) if value is not None]
        check_grads(
            jax.jit(expectations(circuit)), arguments, order=1, modes=("rev",), eps=1e-5, atol=1e-8, rtol=1e-8
        )


@pytest.mark.parametrize(
    "circuit", [hea(qubits=3, layers=2), universal(qubits=4, layers=2, measured=(1, 3), hadamard=True, scale=4.0)]
)
def test_the_gradient_is_that_of_the_parameter_shift_rule(circuit):
    theta, states, _ = draw(circuit, 3)

    def read(theta):
        return statevector.expectations(circuit, theta, states, measured=(1,)).sum()

    step = np.pi / 2 / circuit.scale
    shifts = step * np.eye(theta.size, dtype="float32").reshape(-1, *circuit.shape)
    both = np.stack([theta + shifts, theta - shifts])
    gradient, (forwards, backwards) = jax.jit(lambda: (jax.grad(read)(theta), jax.vmap(jax.vmap(read))(both)))()
    close(gradient.ravel(), circuit.scale * (forwards - backwards) / 2, 1e-5)


def test_a_trained_angle_turns_by_scale_and_a_feature_by_itself():
    gates = (
        Gate("ry", (0,), theta=0),
        Gate("ry", (1,), x=0),
        Gate("ry", (2,), theta=0),
        Gate("ry", (2,), theta=0),
    )
    circuit = Circuit(3, 1, gates, scale=4.0)
    found = jax.jit(expectations(circuit))(jnp.full((1, 1), 0.3), jnp.eye(8)[:1], jnp.full((1, 1), 0.3))
    close(found, [np.cos([1.2, 0.3, 2.4])])


@pytest.mark.parametrize("circuit", [hea(qubits=2, layers=2), every_step(layers=2)])
def test_vmap_over_seeds_equals_the_loop_and_jit_equals_eager(circuit):
    _, states, x = draw(circuit, 5)
    thetas = np.stack([draw(circuit, 1, seed=seed)[0] for seed in range(3)])
    run = expectations(circuit)
    one = jax.jit(run)
    many = jax.jit(jax.vmap(run, in_axes=(0, None, None)))(thetas, states, x)
    close(many, [one(theta, states, x) for theta in thetas])
    if not circuit.features:
        close(many[0], run(thetas[0], states, x))


@pytest.mark.parametrize(
    ("circuit", "batch"), [(hea(qubits=2, layers=2), 4), (hea(qubits=2, layers=2), 5), (every_step(layers=2), 5)]
)
def test_permuting_the_batch_permutes_the_results(circuit, batch):
    theta, states, x = draw(circuit, batch)
    order = np.random.default_rng(0).permutation(batch)
    run = jax.jit(expectations(circuit))
    close(run(theta, states[order], None if x is None else x[order]), run(theta, states, x)[order])


@pytest.mark.parametrize("name", ["ry", "rzz", "rxx"])
@pytest.mark.parametrize("dtypes", [("float32", "int32"), ("float32", "float64"), ("float64", "float32")])
def test_the_angles_set_the_precision_and_features_of_any_type_turn_alike(name, dtypes):
    theta_type, x_type = dtypes
    gate = Gate(name, tuple(range(ROTATIONS[name])), x=0)
    circuit = Circuit(2, 2, (Gate("ry", (0,), theta=0), gate), (Gate("h", (0,)), Gate("h", (1,))))
    theta, x = np.full((2, 1), 0.3), np.array([[1], [3]])
    with jax.enable_x64(True):
        states = jnp.eye(4)[:2]
        run = jax.jit(expectations(circuit))
        found = run(jnp.asarray(theta, theta_type), states, jnp.asarray(x, x_type))
    assert found.dtype == theta_type
    close(found, reference.expectations(circuit, theta, np.eye(4)[:2], (0, 1), x))


def test_a_circuit_traced_in_float64_is_traced_again_in_float32():
    circuit = every_gate(3, seed=7)
    run = jax.vmap(expectations(circuit), in_axes=(0, None, None))
    theta, states, x = draw(circuit, 2)
    with jax.enable_x64(True):
        doubles = jax.make_jaxpr(run)(np.stack([theta, theta]).astype(float), states, x)
    singles = jax.make_jaxpr(run)(np.stack([theta, theta]), states, x)
    assert (doubles.out_avals[0].dtype, singles.out_avals[0].dtype) == ("float64", "float32")


def kinds(gates, qubits):
    return [type(step).__name__ for step in lowering.steps(tuple(gates), qubits)]


def test_the_steps_of_a_layer():
    found = lowering.steps(hea(qubits=6, layers=1).gates, 6)
    assert kinds(hea(qubits=6, layers=1).gates, 6) == ["Phase", "Local", "Permutation", "Phase"]
    assert found[1].windows == ((0, 1, 2), (3, 4, 5))
    assert kinds(universal(qubits=6, layers=1).gates, 6) == ["Phase", "Local", "Phase", "Local", "Phase"]
    selective = universal(qubits=6, layers=1, measured=(0, 4, 5)).gates
    assert kinds(selective, 6) == ["Phase", "Local", "Phase", "Local"]
    assert lowering.steps(selective, 6)[3].windows == ((0, 1, 2), (4, 5))
    assert kinds([Gate("cnot", (0, 1)), Gate("swap", (1, 2)), Gate("toffoli", (0, 1, 2))], 3) == ["Permutation"]
    assert lowering.steps((), 3) == ()


def test_windows_are_about_equally_wide():
    widths = {
        qubits: [len(w) for w in lowering.steps(tuple(Gate("h", (q,)) for q in range(qubits)), qubits)[0].windows]
        for qubits in (1, 3, 4, 5, 7, 10)
    }
    assert widths == {1: [1], 3: [3], 4: [4], 5: [3, 2], 7: [4, 3], 10: [4, 4, 2]}


@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("name", ["r{}", "r{0}{0}", "cr{}"])
def test_what_a_feature_turns_is_one_vector_of_phases(name, axis):
    gate = name.format(axis)
    places = [(0,), (1,)] if ROTATIONS[gate] == 1 else [(0, 1), (1, 2)]
    alone = [Gate(gate, place, x=index) for index, place in enumerate(places)]
    driven = [
        step for step in lowering.steps(tuple(alone), 3) if isinstance(step, lowering.Phase) and step.is_driven
    ]
    assert sum(len(step.angles) for step in driven) == 2
    if ROTATIONS[gate] == 1:
        assert len(driven) == 1


def test_gates_move_ahead_of_those_that_leave_their_qubits_alone():
    by_qubit = [Gate(name, (q,), theta=q if name == "ry" else None) for q in (0, 1) for name in ("h", "s", "ry")]
    assert kinds(by_qubit, 2) == ["Local", "Phase", "Local"]
    entangled = [*by_qubit[:3], Gate("cnot", (0, 1)), *by_qubit[3:]]
    assert kinds(entangled, 2) == ["Local", "Phase", "Local", "Permutation", "Local", "Phase", "Local"]


def test_features_in_the_prefix_alone_leave_the_layers_to_one_product():
    prefix = (*(Gate("ry", (q,), x=q) for q in range(3)), Gate("cnot", (0, 1)))
    circuit = Circuit(3, 2, hea(qubits=3, layers=1).gates, prefix)
    theta, states, x = draw(circuit, 20)
    run = jax.jit(final_states(circuit))
    close(run(theta, states, x), reference.final_states(circuit, theta, states, x))
    text = run.lower(theta, states, x).as_text()
    assert "complex<f32>>, tensor<8x20xcomplex<f32>>" in text  # the layers' unitary times the batch


def test_a_permutation_gathers_each_amplitude_from_its_source():
    (flip,) = lowering.steps((Gate("cnot", (2, 0)),), 3)
    assert flip.source.tolist() == [0, 5, 2, 7, 4, 1, 6, 3]


def test_signs_are_the_eigenvalues_of_z():
    z = reference.PAULIS["z"]
    expected = [np.diag(reference.embed(z, (qubit,), 3)).real for qubit in range(3)]
    np.testing.assert_array_equal(lowering.signs(3).T, expected)


def _equations(jaxpr):
    nested = [value for equation in jaxpr.eqns for value in equation.params.values()]
    return len(jaxpr.eqns) + sum(_equations(value.jaxpr) for value in nested if hasattr(value, "jaxpr"))


@pytest.mark.parametrize("batch", [2, 9])
@pytest.mark.parametrize("make", [functools.partial(hea, qubits=3), functools.partial(every_gate, 3)])
def test_the_traced_program_does_not_grow_with_the_layers(make, batch):
    def size(layers):
        circuit = make(layers=layers)
        program = jax.make_jaxpr(jax.grad(lambda *inputs: expectations(circuit)(*inputs).sum()))
        return _equations(program(*draw(circuit, batch)).jaxpr)

    assert size(50) == size(2) > 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"theta": (3, 1)}, r"`theta` must have the circuit's shape .* = \(2, 1\), but is \(3, 1\)"),
        ({"theta": (2, 2)}, r"`theta` .* but is \(2, 2\)"),
        ({"states": (3, 8)}, r"`states` must have the shape \[B, 4\], but is \(3, 8\)"),
        ({"states": (4,)}, r"`states` must have the shape \[B, 4\], but is \(4,\)"),
        ({"x": None}, r"`x` must have the shape \[3, D\] and hold the 2 features that gates read, but is None"),
        ({"x": (3, 1)}, r"`x` .* the 2 features that gates read, but is \(3, 1\)"),
        ({"x": (2, 2)}, r"`x` must have the shape \[3, D\].*, but is \(2, 2\)"),
        ({"measured": (2,)}, r"`measured` must name distinct qubits of 2, but is \(2,\)\. A circuit of 2 qubits"),
        ({"measured": (-1,)}, r"`measured` must name distinct qubits of 2, but is \(-1,\)"),
    ],
)
def test_shapes_that_do_not_fit_the_circuit_are_refused(change, message):
    circuit = Circuit(2, 2, (Gate("ry", (0,), theta=0), Gate("ry", (1,), x=1)))
    shapes = {"theta": (2, 1), "states": (3, 4), "x": (3, 2), "measured": (0, 1)} | change
    measured = shapes.pop("measured")
    arrays = {name: None if shape is None else jnp.ones(shape) for name, shape in shapes.items()}

    def run():
        return jax.eval_shape(functools.partial(statevector.expectations, circuit, measured=measured), **arrays)

    if message is None:
        assert run().shape == (3, 2)
    else:
        with pytest.raises(ValueError, match=message):
            run()
