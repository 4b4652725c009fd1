"""Estimators of gradients: the laws of the parameter-shift rule and of SPSA, what they count, and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd import Data, fit, simulators
from jaxqkd.circuits import GATES, Circuit, Gate, hea
from jaxqkd.losses import hard
from jaxqkd.models import MLP, QuantumStudent
from jaxqkd.quantum import NoiseModel, channels, encodings, mitigation
from jaxqkd.quantum.simulators.shifting import Shifted, shifts
from jaxqkd.training import autodiff, gains, parameter_shift, spsa

KEY = jax.random.key(7)
X = jax.random.normal(jax.random.key(0), (6, 2))
DATA = Data(X, (X[:, 0] > 0).astype(int))
SHARED = Circuit(
    2,
    2,
    (
        Gate("ry", (0,), theta=0),
        Gate("crx", (0, 1), theta=1),
        Gate("rzz", (0, 1), theta=0),
        Gate("rx", (0,), x=0),
        Gate("crz", (1, 0), theta=1),
        Gate("rx", (1,), theta=2),
        Gate("ry", (1,), theta=0, factor=-0.6, offset=0.3),
    ),
    scale=1.7,
)
"""Angles that gates share, of which one may be a controlled rotation or have a factor, and a gate that a feature
turns."""


SMALL = hea(qubits=2, layers=1)
NOISE = NoiseModel(layers=channels.amplitude_damping(0.1), confusion=channels.readout_error(0.1, 0.2))


def student(circuit=SHARED, **options):
    return QuantumStudent(circuit, **{"classes": 2, "encoding": encodings.angle} | options)


def estimate(estimator, model, params, keys=None, step=0):
    """The loss and the gradient of the mean cross-entropy on the data."""

    def objective(model, params, rngs):
        scores = model.apply(params, X, rngs=rngs) if rngs else model.apply(params, X)
        return hard()(scores, None, DATA.labels).mean()

    return estimator(objective, model, params, keys or {}, step)


def close(found, wanted, tolerance):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=tolerance), found, wanted)


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param(
            {"circuit": SMALL, "noise": NOISE, "readout": ["ZX", "YY", "XI"]}, marks=pytest.mark.exhaustive
        ),
        pytest.param({"simulator": simulators.tensorcircuit()}, marks=pytest.mark.exhaustive),
    ],
    ids=["shared", "noisy strings", "tensorcircuit"],
)
def test_exact_values_at_shifted_angles_give_the_derivative(options):
    model = student(**options)
    params = model.init(KEY, X)
    found = jax.jit(lambda params: estimate(parameter_shift(), model, params))(params)
    wanted = jax.jit(lambda params: estimate(autodiff(), model, params))(params)
    close(found, wanted, 1e-5)


def is_quick(name):
    return name in ("ry", "crx")


ROTATIONS = [name for name, spec in GATES.items() if spec.is_rotation]


@pytest.mark.parametrize(
    "name", [name if is_quick(name) else pytest.param(name, marks=pytest.mark.exhaustive) for name in ROTATIONS]
)
def test_every_rotation_has_its_rule(name):
    with jax.enable_x64(True):
        ends = [Gate("h", (qubit,)) for qubit in range(2)]
        circuit = Circuit(2, 1, (*ends, Gate(name, tuple(range(GATES[name].qubits)), theta=0), *ends))
        state, theta = np.array([[0.1, 0.7, 0.5, 0.5]]), np.array([[0.8]])
        state = state / np.linalg.norm(state)
        options = {"measured": (0, 1), "readout": jq.quantum.readouts.strings("XY", "ZZ", "YI", "IX")}

        def values(simulator):
            return lambda theta: simulator.expectations(circuit, theta, state, **options).sum()

        found, wanted = (jax.grad(values(one))(theta) for one in (Shifted(simulators.exact()), simulators.exact()))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
        assert abs(wanted[0, 0]) > 1e-3


def test_shifted_circuits_are_as_many_as_the_gates_ask_for():
    found = shifts(SHARED)
    assert len(found.places) == 2 * (2 + 4 + 2 + 4 + 2 + 2)
    assert found.origin.tolist() == [0, 1, 0, 1, 2, 0]
    np.testing.assert_allclose(found.amounts[:2], np.array([1, -1]) * np.pi / 2 / 1.7)
    np.testing.assert_allclose(found.amounts[14], -np.pi / 2 / 1.7 / 0.6)


@pytest.mark.exhaustive
def test_sampled_shifts_are_unbiased_and_drawn_anew():
    model = student(SMALL, simulator=simulators.shots(8), head="none")
    params = model.init(KEY, X)

    def slopes(model, rngs):
        """The derivative of a fixed mean of the values, which is linear in them."""
        return jax.value_and_grad(lambda p: model.apply(p, X, rngs=rngs)[:, 0].mean())(params)[1]["params"][
            "theta"
        ]

    sampled = model.clone(simulator=Shifted(model.simulator))
    keys = jax.random.split(KEY, 200)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: slopes(sampled, {"shots": key})))(keys), float)
    wanted = np.asarray(slopes(model.clone(simulator=simulators.exact()), None))
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(keys))
    assert np.all(np.abs(drawn.mean(axis=0) - wanted) < 4.5 * error)
    assert np.all(error > 0)


def test_the_mean_of_spsa_is_the_gradient():
    model = student(SMALL, head="none")
    params = model.init(KEY, X)
    keys = jax.random.split(jax.random.key(3), 4000)
    one = jax.vmap(lambda key: estimate(spsa(0.02, decay=0.0), model, params, {"gradient": key})[1])
    drawn = np.asarray(jax.jit(one)(keys)["params"]["theta"], float)
    wanted = np.asarray(estimate(autodiff(), model, params)[1]["params"]["theta"])
    error = drawn.std(axis=0) / np.sqrt(len(keys))
    assert np.all(np.abs(drawn.mean(axis=0) - wanted) < 4.5 * error + 1e-3)  # biased by the square of the size


@pytest.mark.exhaustive
def test_spsa_moves_all_angles_by_the_same_size_and_takes_the_heads_gradient_from_both_ends():
    model = student()
    params = model.init(KEY, X)
    key, size = jax.random.key(5), 0.3 / 4**0.5
    value, gradient = estimate(spsa(0.3, decay=0.5), model, params, {"gradient": key}, step=3)
    ends = []
    for sign in (1, -1):
        along = jax.random.rademacher(key, params["params"]["theta"].shape, float)
        moved = {"params": params["params"] | {"theta": params["params"]["theta"] + sign * size * along}}
        ends.append(estimate(autodiff(), model, moved))
    (above, rising), (below, falling) = ends
    close(value, (above + below) / 2, 1e-6)
    close(gradient["params"]["theta"], (above - below) / (2 * size) * along, 1e-5)
    wanted = jax.tree.map(lambda a, b: (a + b) / 2, rising["params"]["head"], falling["params"]["head"])
    close(gradient["params"]["head"], wanted, 1e-6)


def trained(gradient, model=None, key=KEY, optimizer=None, **options):
    model = model or student(SMALL, simulator=simulators.shots(10), readout=["ZI", "XX"])
    options = {"epochs": 3, "gradient": gradient} | options
    return fit(key, model, DATA, hard(), optimizer or optax.sgd(gains(0.3)), **options)


@pytest.mark.parametrize(
    ("estimator", "each", "batch_size"),
    [pytest.param(parameter_shift(), 1 + 2 * 6, None, marks=pytest.mark.exhaustive), (spsa(), 2, 4)],
)
def test_what_is_counted_is_the_formula_and_the_same_key_gives_the_same_bits(estimator, each, batch_size):
    seeds = jax.random.split(KEY, 2)
    run = jax.jit(jax.vmap(lambda key: trained(estimator, key=key, batch_size=batch_size)))
    first, again = run(seeds), run(seeds)
    jax.tree.map(np.testing.assert_array_equal, first, again)
    bases, examples = 2, batch_size or len(X)  # the last batch would not be full
    np.testing.assert_array_equal(first.history["executions"], np.full((2, 3), each * bases * examples))
    assert first.history["executions"].dtype == jnp.zeros((), int).dtype
    assert first.history["shots_per_execution"].tolist() == [10] * 2
    assert len(np.unique(first.history["loss"])) == 6
    assert np.isfinite(np.asarray(first.params["params"]["theta"])).all()


@pytest.mark.exhaustive
def test_nothing_is_counted_by_default_nor_after_a_stop():
    assert "executions" not in trained(autodiff()).history
    wrong = DATA._replace(labels=1 - DATA.labels)  # whose loss rises
    stopped = trained(parameter_shift(), student(SMALL), validation=wrong, patience=2, epochs=9)
    ran = int(stopped.history["epochs"])
    assert 1 < ran < 9
    assert stopped.history["executions"].tolist() == [13 * len(X)] * ran + [0] * (9 - ran)
    assert stopped.history["shots_per_execution"] == 0


def test_an_exact_training_by_shifts_is_that_by_derivatives():
    found, wanted = (trained(by, student(SMALL)) for by in (parameter_shift(), autodiff()))
    close(found.params, wanted.params, 1e-5)
    close(found.history["loss"], wanted.history["loss"], 1e-5)


@pytest.mark.exhaustive
def test_spsa_lowers_the_loss_of_a_sampled_student():
    model = student(SMALL, simulator=mitigation.readout(simulators.shots(200), np.eye(2)))
    out = trained(spsa(0.2), model, optimizer=optax.adam(0.1), epochs=60)
    assert np.mean(out.history["loss"][-10:]) < np.mean(out.history["loss"][:10]) - 0.1
    assert out.history["shots_per_execution"] == 200


def test_gains_are_spalls():
    schedule = gains(0.5, stability=10, decay=0.602)
    np.testing.assert_allclose(schedule(np.arange(3)), 0.5 / np.array([11, 12, 13]) ** 0.602)


@pytest.mark.parametrize("estimator", [parameter_shift(), spsa()])
def test_models_whose_gradient_a_device_could_not_estimate_are_refused(estimator):
    with pytest.raises(ValueError, match=r"`model` must be a QuantumStudent for this .* but is a MLP. Use"):
        trained(estimator, MLP(features=(2,), classes=2))
    with pytest.raises(ValueError, match=r"`model` must have no trained layer before its circuit .* of width 2"):
        trained(estimator, student(input_width=2))


def test_what_is_no_estimator_is_refused():
    with pytest.raises(ValueError, match=r"`gradient` must be an estimator of gradients, .* with the parentheses"):
        trained(parameter_shift)


def test_a_circuit_without_trained_angles_has_no_shifted_circuits():
    circuit = Circuit(2, 1, (Gate("rx", (0,), x=0), Gate("cnot", (0, 1))))
    model = student(circuit)
    assert len(shifts(circuit).places) == 0
    assert parameter_shift().executions(model) == 1
    params = model.init(KEY, X)
    close(estimate(parameter_shift(), model, params), estimate(autodiff(), model, params), 1e-6)


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="`size` must be positive and finite, but is 0"):
        spsa(0)
    with pytest.raises(ValueError, match="`decay` must be at least 0, but is -1"):
        spsa(decay=-1)
    with pytest.raises(ValueError, match="`first` must be positive and finite"):
        gains(-0.1)
    assert (spsa(0.1, decay=0).size, gains(1.0)(0)) == (0.1, 1.0)
