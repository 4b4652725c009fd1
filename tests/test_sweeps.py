"""Sweeps: equal to the loop over their cells, on any number of devices, in one trace; and what they refuse."""

import contextlib
import functools
import gc
import inspect
import itertools
import math
import types
import weakref
from typing import NamedTuple

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
from jaxqkd.sweeps import compilation

KEYS = jax.random.split(jax.random.key(2), 13)
DATA = jq.data.xor_grid(jax.random.key(0), count=20, spread=0.5)
TAUGHT = DATA._replace(teacher=2.0 * jax.nn.one_hot(DATA.labels, 3))
WATCHED = jq.data.xor_grid(jax.random.key(1), count=10, spread=0.5)

FAR = types.SimpleNamespace(process_index=1)
"""A device of another process."""


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
        cell = jax.tree.map(lambda leaf, at=place: leaf[at], found)
        chex.assert_trees_all_close(cell, alone(keys[place[-1]], hp), rtol=1e-6, atol=1e-6)
    chex.assert_tree_shape_prefix(found, (2, 3, 1, 3))


@pytest.mark.slow
def test_a_sweep_equals_a_vmap_of_its_width_bit_for_bit():
    width = 5
    hp = {"temperature": jnp.asarray(2.0), "alpha": jnp.asarray(0.4), "learning_rate": jnp.asarray(0.1)}
    found = sweep(train, KEYS[: 2 * width], grid(**{k: [float(v)] for k, v in hp.items()}), chunk=width)
    side_by_side = jax.jit(jax.vmap(train, in_axes=(0, None)))
    groups = [side_by_side(KEYS[start : start + width], hp) for start in (0, width)]
    wanted = jax.tree.map(lambda *parts: np.concatenate(parts), *groups)
    chex.assert_trees_all_equal(jax.tree.map(lambda leaf: leaf[0, 0, 0], found), wanted)


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
    chex.assert_trees_all_equal(two, four)
    chex.assert_trees_all_close(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_more_seeds_or_cells_do_not_change_the_earlier_bits():
    options = {"chunk": 3, "devices": jax.devices()[:2]}
    few = sweep(with_patience, KEYS[:5], {"rate": [0.05, 0.2]}, **options)
    many = sweep(with_patience, KEYS, {"rate": [0.05, 0.2, 0.1]}, **options)
    chex.assert_trees_all_equal(few, jax.tree.map(lambda leaf: leaf[:2, :5], many))


def test_a_seed_has_the_same_bits_wherever_it_stands():
    rates = {"rate": [0.05]}
    compiled = compile_sweep(full_batch, KEYS, rates, chunk=4)
    order = np.array([5, 12, 0, 3, 8, 1, 7, 11, 2, 10, 4, 9, 6])
    wanted = jax.tree.map(lambda leaf: leaf[:, order], compiled(KEYS))
    chex.assert_trees_all_equal(compiled(KEYS[order]), wanted)


@contextlib.contextmanager
def at_most(compilations):
    """Fails where more programs are compiled."""
    compile_, compiled = jax.stages.Lowered.compile, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jax.stages.Lowered, "compile", lambda low: compiled.append(1) or compile_(low))
        yield
    assert len(compiled) <= compilations


def test_a_second_sweep_of_the_same_run_and_shapes_neither_traces_nor_compiles():
    run = chex.assert_max_traces(n=1)(lambda key, hp: train(key, hp))
    axes = grid(temperature=[1, 2, 4], alpha=[0, 0.5], learning_rate=[0.01, 0.1])
    compiled = compile_sweep(run, KEYS, axes)
    with at_most(0):
        chex.assert_trees_all_equal(compiled(KEYS), compiled(KEYS), sweep(run, KEYS, axes))
        others = {"temperature": [3.0, 2.0, 1.0], "alpha": [1.0, 0.0], "learning_rate": [0.02, 0.2]}
        found = sweep(run, KEYS[::-1], others)
    chex.assert_trees_all_equal(found, sweep(lambda key, hp: train(key, hp), KEYS[::-1], others))


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": KEYS[:3]},
        {"seeds": jax.random.key_data(KEYS[:4])},
        {"seeds": {"keys": KEYS[:4]}},
        {"grid": {"b": [1.0, 2.0]}},
        {"grid": {"a": [1.0]}},
        {"chunk": 3},
        {"devices": jax.devices()[:1]},
    ],
    ids=lambda change: "-".join(change),
)
def test_other_shapes_and_options_are_another_program(change):
    traces = []
    run = lambda seed, hp: traces.append(1) or jnp.asarray(sum(hp.values()))  # noqa: E731
    options = {"seeds": KEYS[:4], "grid": {"a": [1.0, 2.0]}, "chunk": 2, "devices": jax.devices()[:2]}
    for _ in range(2):
        sweep(run, **options)
        sweep(run, **options | change)
    assert len(traces) == 2


def test_another_configuration_of_jax_is_another_program():
    def run(key, hp):
        return jax.random.uniform(key) * jnp.ones(2)

    single = sweep(run, KEYS)
    with jax.enable_x64(True):
        assert sweep(run, KEYS).dtype == jnp.float64
    np.testing.assert_array_equal(sweep(run, KEYS), single)
    for precision in ("highest", "default"):
        with jax.default_matmul_precision(precision), at_most(1):
            sweep(run, KEYS)


@pytest.mark.slow
def test_programs_are_few_and_go_with_their_run():
    def make():
        weights = jnp.arange(3.0)
        return lambda key, hp: jax.random.normal(key, (3,)) @ weights

    run = make()
    for count in range(2, 4 + compilation.PROGRAMS):
        sweep(run, KEYS[:count])
    assert len(compilation._PROGRAMS[id(run)]) == compilation.PROGRAMS
    number, alive = id(run), weakref.ref(run)
    del run
    gc.collect()
    assert alive() is None
    assert number not in compilation._PROGRAMS


class Method:
    def run(self, key, hp):
        return jax.random.normal(key)


class Slotted(NamedTuple):
    scale: float

    def __call__(self, key, hp):
        return self.scale * jax.random.normal(key)


def test_runs_made_anew_or_without_weak_references_leave_nothing():
    wanted, owner = sweep(lambda key, hp: jax.random.normal(key), KEYS), Method()
    gc.collect()
    before = len(compilation._PROGRAMS)
    for _ in range(2):
        np.testing.assert_array_equal(sweep(owner.run, KEYS), wanted)
        np.testing.assert_array_equal(sweep(Slotted(1.0), KEYS), wanted)
        np.testing.assert_array_equal(sweep(functools.partial(owner.run), KEYS), wanted)
    gc.collect()
    assert len(compilation._PROGRAMS) == before


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
    text = inspect.getclosurevars(compiled).nonlocals["program"].call.as_text()
    runs, _ = text.split("\nENTRY ")
    assert "while" in runs
    for collective in ("all-reduce", "all-gather", "collective-permute", "all-to-all"):
        assert collective not in runs


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"temperature": [1, 0]}, "`temperature` must be positive"),
        ({"temperature": [1, float("nan")]}, "`temperature` must be finite in float"),
        ({"temperature": [-2.0]}, "`temperature` must be positive"),
        ({"alpha": [0, 1.1]}, "`alpha` must lie between 0 and 1"),
        ({"alpha": [-0.1]}, "`alpha` must lie between 0 and 1"),
        ({"learning_rate": [0.0]}, "`learning_rate` must be positive"),
        ({"learning_rate": [0.1, -0.1]}, "`learning_rate` must be positive"),
        ({"learning_rate": [float("inf")]}, "`learning_rate` must be finite in float"),
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


@pytest.mark.skipif(jax.config.jax_enable_x64, reason="the number is finite in float64")
def test_a_value_beyond_single_precision_is_refused():
    with pytest.raises(ValueError, match="`own` must be finite in float32"):
        grid(own=[1.0, 1e39])


def branching(key, hparams):
    return 1.0 if hparams["alpha"] > 0 else 0.0


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda key: key, r"`run` must take a seed and hyper-parameters, but is of signature \(key\)"),
        (3, r"`run` must be a function \(seed, hparams\), but is a int"),
        (
            lambda key, hparams: hparams["beta"],
            "`grid` must hold all names that the run reads, but is of alpha wh",
        ),
        (branching, "`run` must not need the value of what is traced, .* jnp.where"),
        (lambda key, hparams: np.sin(hparams["alpha"]), "`run` must not need the value of what is traced"),
    ],
)
def test_runs_that_cannot_be_traced_are_refused(run, message):
    with pytest.raises(ValueError, match=f"^Argument {message}"):
        sweep(run, KEYS, {"alpha": [0.5]})


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
        (KEYS, {"devices": [FAR]}, "`devices` must hold a device of this process"),
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
