"""Sweeps: equal to the loop over their cells, on any number of devices, in one trace; and what they refuse."""

import inspect
import itertools
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd import compile_sweep, fit, grid, sweep
from jaxqkd.losses import hard, kd
from jaxqkd.models import MLP, Linear

KEYS = jax.random.split(jax.random.key(2), 13)
DATA = jq.data.xor_grid(jax.random.key(0), count=20, spread=0.5)
TAUGHT = DATA._replace(teacher=2.0 * jax.nn.one_hot(DATA.labels, 3))
WATCHED = jq.data.xor_grid(jax.random.key(1), count=10, spread=0.5)


def same(first, second):
    return jax.tree.all(jax.tree.map(lambda a, b: np.array_equal(a, b, equal_nan=True), first, second))


def draw(key, hp):
    """A cheap run that needs its key and each hyper-parameter."""
    total = sum(weight * jnp.sin(value) for weight, value in zip((1.0, 10.0, 100.0), hp.values(), strict=False))
    return {"noise": jax.random.normal(key, (2,)) * total, "total": jnp.asarray(total)}


def train(key, hp):
    loss = kd(hp["temperature"], hp["alpha"])
    out = fit(key, Linear(classes=3), TAUGHT, loss, optax.adam(hp["learning_rate"]), epochs=4, batch_size=6)
    return out.params, out.history["loss"]


def test_a_sweep_equals_the_loop_over_its_cells():
    axes = {"temperature": [0.5, 4.0], "alpha": [0.0, 0.3, 1.0], "learning_rate": [0.1]}
    keys = KEYS[:3]
    found = sweep(train, keys, grid(**axes), devices=jax.devices()[:1])
    alone = jax.jit(train)
    for place in itertools.product(*[range(len(values)) for values in axes.values()], range(3)):
        hp = {name: jnp.asarray(values[i]) for (name, values), i in zip(axes.items(), place, strict=False)}
        wanted = alone(keys[place[-1]], hp)
        for cell, leaf in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
            assert cell.shape == (2, 3, 1, 3, *leaf.shape)
            np.testing.assert_allclose(cell[place], leaf, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_a_sweep_equals_a_vmap_of_its_width_bit_for_bit():
    width = 5
    hp = {"temperature": jnp.asarray(2.0), "alpha": jnp.asarray(0.4), "learning_rate": jnp.asarray(0.1)}
    found = sweep(train, KEYS[: 2 * width], grid(**{k: [float(v)] for k, v in hp.items()}), chunk=width)
    side_by_side = jax.jit(jax.vmap(train, in_axes=(0, None)))
    groups = [side_by_side(KEYS[start : start + width], hp) for start in (0, width)]
    wanted = jax.tree.map(lambda *parts: np.concatenate(parts), *groups)
    assert same(jax.tree.map(lambda leaf: leaf[0, 0, 0], found), wanted)


def test_axes_come_in_the_order_of_the_arguments():
    axes = grid(zeta=[1.0, 2.0], alpha=[0.1, 0.2, 0.3], beta=[5.0])
    assert list(axes) == ["zeta", "alpha", "beta"]
    found = sweep(lambda key, hp: hp["zeta"] * 100 + hp["alpha"] * 10 + hp["beta"], KEYS[:4], axes)
    wanted = 100 * np.array([1, 2])[:, None] + np.array([1, 2, 3]) + 5
    np.testing.assert_allclose(found, np.broadcast_to(wanted[..., None, None], (2, 3, 1, 4)), rtol=1e-6)


@pytest.mark.parametrize("seeds", [1, 2, 7, 13])
@pytest.mark.parametrize("axes", [None, {"a": [1.0, 2.0, 4.0]}, {"a": [1, 2], "b": [3, 4, 5]}], ids=str)
@pytest.mark.slow
def test_shapes_for_any_number_of_seeds_and_axes(axes, seeds):
    def shaped(key, hp):
        return {"vector": jax.random.uniform(key, (3,)), "sum": jnp.asarray(sum(hp.values(), start=0.0))}

    found = sweep(shaped, KEYS[:seeds], axes and grid(**axes))
    cells = tuple(len(values) for values in (axes or {}).values())
    assert found["vector"].shape == (*cells, seeds, 3)
    assert found["sum"].shape == (*cells, seeds)
    uniform = jax.vmap(lambda key: jax.random.uniform(key, (3,)))(KEYS[:seeds])
    np.testing.assert_array_equal(found["vector"], np.broadcast_to(uniform, found["vector"].shape))
    sums = [sum(cell) for cell in itertools.product(*(axes or {}).values())]
    np.testing.assert_allclose(found["sum"].reshape(math.prod(cells), seeds)[:, 0], sums)


def full_batch(key, hp):
    model = MLP(features=(4,), classes=3)
    return fit(key, model, DATA, hard(), optax.adam(hp["rate"]), epochs=5, validation=WATCHED)


def mini_batches(key, hp):
    return fit(key, Linear(classes=3), DATA, hard(), optax.adam(hp["rate"]), epochs=5, batch_size=6)


def with_patience(key, hp):
    model = MLP(features=(4,), classes=3)
    return fit(key, model, DATA, hard(), optax.adam(hp["rate"]), epochs=5, validation=WATCHED, patience=2)


@pytest.mark.parametrize("run", [full_batch, mini_batches, with_patience])
@pytest.mark.slow
def test_the_bits_do_not_depend_on_how_many_devices_there_are(run):
    one, two, four = [
        sweep(run, KEYS, {"rate": [0.05, 0.2]}, chunk=3, devices=jax.devices()[:count]) for count in (1, 2, 4)
    ]
    assert same(two, four)
    chex.assert_trees_all_close(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_more_seeds_or_cells_do_not_change_the_earlier_bits():
    options = {"chunk": 3, "devices": jax.devices()[:2]}
    few = sweep(with_patience, KEYS[:5], {"rate": [0.05, 0.2]}, **options)
    many = sweep(with_patience, KEYS, {"rate": [0.05, 0.2, 0.1]}, **options)
    assert same(few, jax.tree.map(lambda leaf: leaf[:2, :5], many))


def test_a_seed_has_the_same_bits_wherever_it_stands():
    rates = {"rate": [0.05]}
    compiled = compile_sweep(full_batch, KEYS, rates, chunk=4)
    order = np.array([5, 12, 0, 3, 8, 1, 7, 11, 2, 10, 4, 9, 6])
    assert same(compiled(KEYS[order]), jax.tree.map(lambda leaf: leaf[:, order], compiled(KEYS)))


def test_the_run_is_traced_once_and_prepared_bits_repeat():
    traces = []

    def counted(key, hp):
        traces.append(1)
        return train(key, hp)

    axes = grid(temperature=[1, 2, 4], alpha=[0, 0.5], learning_rate=[0.01, 0.1])
    compiled = compile_sweep(counted, KEYS, axes, devices=jax.devices()[:1])
    first, second = compiled(KEYS), compiled(KEYS)
    assert len(traces) == 1
    assert same(first, second)
    assert first[1].shape == (3, 2, 2, 13, 4)


def test_keys_typed_or_raw_and_seeds_with_their_own_data():
    raw = jax.random.key_data(KEYS)
    typed_draws = sweep(lambda key, hp: jax.random.normal(key), KEYS)
    raw_draws = sweep(lambda key, hp: jax.random.normal(jax.random.wrap_key_data(key)), raw)
    np.testing.assert_array_equal(raw_draws, typed_draws)
    shifts = jnp.arange(13.0)
    shifted = sweep(
        lambda seed, hp: jax.random.normal(seed[0]) + hp["by"] * seed[1], (KEYS, shifts), grid(by=[0, 2])
    )
    np.testing.assert_allclose(shifted, [typed_draws, typed_draws + 2 * shifts], rtol=1e-6)


def test_no_device_waits_for_another():
    compiled = compile_sweep(mini_batches, KEYS[:8], {"rate": [0.05, 0.2]}, chunk=2)
    text = inspect.getclosurevars(compiled).nonlocals["compiled"].as_text()
    runs, _ = text.split("\nENTRY ")
    assert "while" in runs
    for collective in ("all-reduce", "all-gather", "collective-permute", "all-to-all"):
        assert collective not in runs


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"temperature": [1, 0]}, "`temperature` must be positive"),
        ({"temperature": [1, float("nan")]}, "`temperature` must be finite"),
        ({"temperature": [-2.0]}, "`temperature` must be positive"),
        ({"alpha": [0, 1.1]}, "`alpha` must lie between 0 and 1"),
        ({"alpha": [-0.1]}, "`alpha` must lie between 0 and 1"),
        ({"learning_rate": [0.0]}, "`learning_rate` must be positive"),
        ({"learning_rate": [0.1, -0.1]}, "`learning_rate` must be positive"),
        ({"learning_rate": [float("inf")]}, "`learning_rate` must be finite"),
        ({"own": []}, "`own` must hold at least one value"),
        ({"own": ["a"]}, "`own` must be numbers, but is of dtype <U1"),
        ({"own": "abc"}, r"`own` must have 1 axes \[values\]"),
        ({"own": 1.0}, r"`own` must have 1 axes \[values\], but is of shape \(\)"),
        ({"own": [[1.0]]}, r"`own` must have 1 axes \[values\]"),
        ({"own": [True]}, "`own` must be numbers, but is of dtype bool"),
    ],
)
def test_grids_refused(axes, message):
    for build in (lambda: grid(**axes), lambda: sweep(draw, KEYS, axes)):
        with pytest.raises(ValueError, match=f"^Argument {message}"):
            build()


@pytest.mark.parametrize(
    "axes",
    [
        {"temperature": [1e-3, 100], "alpha": [0, 1], "learning_rate": (1e-6,)},
        {"own": [-1.0, 0.0]},
        {"own": np.arange(3), "other": jnp.ones(2)},
        {},
    ],
)
def test_grids_accepted(axes):
    built = grid(**axes)
    assert list(built) == list(axes)
    for name, values in axes.items():
        np.testing.assert_allclose(built[name], np.asarray(values), rtol=1e-6)
        assert built[name].dtype == jnp.zeros(()).dtype


@pytest.mark.parametrize(
    ("seeds", "options", "message"),
    [
        (KEYS[:0], {}, "`seeds` must hold at least one key, but is empty"),
        (
            KEYS[jnp.array([0, 1, 2, 1])],
            {},
            "`seeds` must hold distinct keys, but is 4 keys of which 3 are distinct",
        ),
        (jax.random.key_data(KEYS)[jnp.array([0, 0])], {}, "`seeds` must hold distinct keys"),
        (KEYS[0], {}, r"`seeds` must be an array \[seeds\] of keys"),
        ((KEYS, jnp.ones(4)), {}, "`seeds` must have leaves with one leading axis"),
        (KEYS, {"chunk": 1}, "`chunk` must be at least 2, but is 1"),
        (KEYS, {"chunk": 2.0}, "`chunk` must be an integer"),
        (KEYS, {"devices": []}, "`devices` must hold at least one device"),
    ],
)
def test_seeds_and_options_refused(seeds, options, message):
    for build in (sweep, compile_sweep):
        with pytest.raises(ValueError, match=f"^Argument {message}"):
            build(draw, seeds, **options)


@pytest.mark.slow
def test_the_ideal_user_code():
    k_data, k_split, k_teacher, k_students = jax.random.split(jax.random.key(0), 4)
    train, val, test = jq.data.split(k_split, jq.data.xor_bits(k_data, count=200), (0.8, 0.1, 0.1))

    adam = optax.adam(1e-2)
    teacher = jq.models.MLP(features=(16, 8), classes=3)
    taught = jax.jit(lambda key: jq.fit(key, teacher, train, jq.losses.hard(), adam, epochs=5))(k_teacher)
    train = jq.label(train, teacher, taught.params)

    student = jq.models.QuantumStudent(jq.circuits.hea(qubits=6, layers=5), classes=3)

    def run(key, hp):
        loss = jq.losses.kd(hp["temperature"], hp["alpha"])
        out = jq.fit(key, student, train, loss, adam, epochs=5)
        return {"f1": jq.metrics.f1(student.apply(out.params, test.x), test.labels, classes=3), **out.history}

    seeds = jax.random.split(k_students, 4)
    many = jq.sweep(run, seeds, jq.grid(temperature=[1, 2, 4], alpha=[0, 0.5, 1]))

    assert [len(part.x) for part in (train, val, test)] == [160, 20, 20]
    assert many["f1"].shape == (3, 3, 4)
    assert many["loss"].shape == (3, 3, 4, 5)
    assert np.all((many["f1"] >= 0) & (many["f1"] <= 1))
    assert not np.any(many["diverged"])
    assert np.all(many["loss"][..., -1] < many["loss"][..., 0])
    np.testing.assert_array_equal(many["loss"][0, 0], many["loss"][2, 0])


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (12, "`seeds` must be arrays that lead with the seeds, but is a int"),
        ([0, 1, 2], "`seeds` must be arrays"),
        (jnp.ones((3, 2)), "`seeds` must hold random keys"),
        ((jax.random.key_data(KEYS), jnp.ones(len(KEYS))), "jax.random.wrap_key_data"),
    ],
)
def test_seeds_that_are_no_keys_are_refused(seeds, message):
    with pytest.raises(ValueError, match=message):
        sweep(lambda seed, hparams: 0.0, seeds)


def test_one_sweep_feeds_another_on_other_devices():
    drawn = sweep(lambda key, hparams: jax.random.normal(key, (3,)), KEYS, devices=jax.devices()[:4])
    total = sweep(lambda seed, hparams: seed[1].sum(), (KEYS, drawn), devices=jax.devices()[:2])
    np.testing.assert_allclose(total, np.asarray(drawn).sum(axis=1), rtol=1e-6)


def test_a_grid_does_not_copy_the_seeds_data_for_every_cell(monkeypatch):
    seeds, cells, programs = (KEYS[:4], jnp.ones((4, 50_000))), {"a": list(range(64))}, []
    compile_ = jax.stages.Lowered.compile
    monkeypatch.setattr(jax.stages.Lowered, "compile", lambda low: programs.append(compile_(low)) or programs[-1])
    found = compile_sweep(lambda seed, hparams: seed[1].sum() * hparams["a"], seeds, cells, chunk=2)(seeds)
    np.testing.assert_allclose(found[2], 100_000.0)
    assert programs[-1].memory_analysis().temp_size_in_bytes < 64 * seeds[1].nbytes / 10
