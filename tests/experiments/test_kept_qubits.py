import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from jaxqkd import studies
from jaxqkd.experiments import kept_qubits
from jaxqkd.experiments.kept_qubits import analysis, choice, presentation, setup
from jaxqkd.experiments.kept_qubits.masked import Masked
from jaxqkd.experiments.piperno2024.setup import TEACHER
from jaxqkd.experiments.piperno2024.setup import student as of_study
from jaxqkd.statistics import Difference

KEY = jax.random.key(0)
X = jax.random.bernoulli(jax.random.key(1), 0.5, (70, 64)).astype(float)


def masked(kept, measured="never"):
    bits = setup.kept_bits([kept])[0]
    lost = None if measured == "never" else jnp.asarray(setup.dephased(bits, measured))
    return Masked(setup.student(), jnp.asarray(bits), lost)


def part(params, kept):
    """The parameters that the study's student has of those of the whole one."""
    own, qubits = params["params"], np.asarray([int(qubit) for qubit in kept])
    head = {"kernel": own["head"]["kernel"][qubits], "bias": own["head"]["bias"]}
    return {"params": {"theta": own["theta"][:, np.r_[0:11, 11 + qubits]], "head": head}}


def test_there_are_63_sets_by_size():
    assert len(set(setup.SETS)) == len(setup.SETS) == 63
    assert [len(name) for name in setup.SETS] == sorted(len(name) for name in setup.SETS)
    assert set(setup.OF_THE_STUDY.values()) <= set(setup.SETS)


@pytest.mark.parametrize(("name", "measured"), [("q2", "never"), ("q3_measured", "one")])
@pytest.mark.exhaustive
def test_a_masked_student_is_the_studys(name, measured):
    kept = setup.OF_THE_STUDY[name[:2]]
    model = masked(kept, measured)
    params = model.init(KEY, X)
    wanted = of_study(name).apply(part(params, kept), X)
    np.testing.assert_allclose(jax.jit(model.apply)(params, X), wanted, atol=2e-6)


def test_what_is_not_kept_gets_no_gradient():
    model = masked("14", "every")
    params = model.init(KEY, X)
    slope = jax.jit(jax.grad(lambda params: model.apply(params, X).std()))(params)["params"]
    others = [0, 2, 3, 5]
    assert not np.any(slope["theta"][:, [11 + qubit for qubit in others]])
    assert not np.any(slope["head"]["kernel"][np.asarray(others)])
    assert np.all(slope["theta"][:, [12, 15]] != 0)


def test_the_heads_weights_start_as_large_as_those_of_a_head_of_its_width():
    keys = jax.random.split(KEY, 300)

    def kernel(key, kept):
        return Masked(setup.student(), kept).init(key, X)["params"]["head"]["kernel"]

    kernels = jax.jit(jax.vmap(kernel, in_axes=(0, None)))
    names = ("25", "012345")
    spread = {name: np.asarray(kernels(keys, jnp.asarray(setup.kept_bits([name])[0]))).std() for name in names}
    assert spread["25"] == pytest.approx(np.sqrt(1 / 2), rel=0.05)
    assert spread["012345"] == pytest.approx(np.sqrt(1 / 6), rel=0.05)


def test_qubits_are_measured_in_turn_or_all_or_never():
    kept = setup.kept_bits(["0245"])[0]
    assert setup.dephased(kept, "one").nonzero()[1].tolist() == [1, 3, 1, 3, 1]
    assert setup.dephased(kept, "every").nonzero()[1].tolist() == [1, 3] * 5
    assert not setup.dephased(kept, "never").any()
    assert not setup.dephased(np.ones(6, bool), "one").any()


def test_relevance_is_the_squared_gradient_by_the_normalized_row():
    params = TEACHER.init(KEY, X)
    found = np.asarray(jax.jit(lambda x: choice.relevance(TEACHER, params, x))(X[:5]))

    def logits(psi, norm):
        out = TEACHER.apply(params, (norm * psi / jnp.linalg.norm(psi))[None])[0]
        return out - out.mean()

    norms = jnp.linalg.norm(X[:5], axis=1)
    slopes = jax.jit(jax.vmap(jax.jacrev(logits)))(X[:5] / norms[:, None], norms)
    wanted = np.square(slopes).sum(axis=(0, 1))
    np.testing.assert_allclose(found, wanted / wanted.sum(), rtol=1e-4, atol=1e-7)


def test_amplitudes_are_told_apart_by_the_kept_bits():
    relevance = np.random.default_rng(0).dirichlet(np.ones(64))
    bits = setup.kept_bits(["5", "02", "012345"])
    found = choice.told_apart(jnp.asarray(relevance), bits)
    for kept, share in zip(([5], [0, 2], range(6)), found, strict=True):
        pairs = itertools.product(range(64), repeat=2)
        differ = [any((i ^ j) >> (5 - qubit) & 1 for qubit in kept) for i, j in pairs]
        assert share == pytest.approx(np.outer(relevance, relevance).ravel() @ differ, rel=1e-5)


def test_a_teacher_of_two_features_keeps_the_qubit_in_which_they_differ():
    relevance = np.zeros(64)
    relevance[[0, 1]] = 0.5
    singles = setup.kept_bits([str(qubit) for qubit in range(6)])
    np.testing.assert_allclose(choice.told_apart(jnp.asarray(relevance), singles), [0, 0, 0, 0, 0, 0.5], atol=1e-7)


def made(seeds=12, best="5", teachers="5"):
    """Results whose scores are higher by 0.3 where the set holds `best`; the teacher prefers `teachers`."""
    generator = np.random.default_rng(0)
    good, liked = (np.asarray([own in name for name in setup.SETS]) for own in (best, teachers))
    shape = (1, 1, len(setup.SETS), 2, seeds)
    scores = 0.5 + 0.3 * good[:, None, None] + 0.003 * generator.normal(size=shape)
    told = np.broadcast_to(liked[:, None, None] * 0.5, shape)
    dims = ("student", "measured", "kept", "distilled", "seed")
    coordinates = {
        "student": [setup.STUDENT],
        "measured": ["never"],
        "kept": list(setup.SETS),
        "distilled": [0, 1],
        "seed": np.arange(seeds),
    }
    values = {"f1_weighted": scores, "told_apart": told, "teacher_f1": np.ones(shape)}
    return xr.Dataset({name: (dims, array) for name, array in values.items()}, coordinates)


def chosen(results):
    scores = results.f1_weighted.isel(student=0, drop=True)
    return analysis.choices(scores, results.told_apart.isel(student=0, measured=0, distilled=0, drop=True))


def test_a_teacher_that_knows_the_best_qubit_chooses_well():
    rows = chosen(made())
    assert len(rows) == 5 * 2
    assert analysis.answer(rows) == ("yes", "yes")
    first = rows[0]
    assert first.size == 1
    assert first.random == pytest.approx(0.55, abs=0.01)
    assert first.f1 == pytest.approx(0.8, abs=0.01)


def test_a_teacher_that_likes_another_qubit_does_not():
    rows = chosen(made(teachers="0"))
    assert analysis.answer(rows) == ("no", "no")
    assert rows[0].against_random == "worse"
    assert rows[0].against_best == "not within"


def test_sets_of_the_study_are_placed_among_sets_of_their_size():
    rows = analysis.places(made().f1_weighted.isel(student=0, drop=True))
    assert [row.student for row in rows] == ["q2", "q2", "q3", "q3", "q4", "q4", "q5", "q5"]
    assert {row.verdict for row in rows} == {"better"}
    assert rows[0].lower >= 10 / 14  # of 15 pairs 5 hold qubit 5
    assert rows[0].change.mean == pytest.approx(0.3 * (1 - 5 / 15), abs=0.02)


def test_the_best_set_is_judged_on_other_seeds():
    noise = np.random.default_rng(0).normal(size=(20, 10))
    assert noise.mean(axis=1).max() > 0.5
    scores = np.zeros((3, 4))
    scores[1, ::2] = 1.0  # best on even seeds, and worth nothing on the others
    np.testing.assert_array_equal(analysis.cross_fitted(scores), [0, 0, 0, 0])
    assert np.isnan(analysis.cross_fitted(scores[:, :1])).all()


def test_a_single_set_has_nothing_to_be_compared_with():
    alone = made().sel(kept=["5"])
    assert chosen(alone) == []
    assert analysis.answer([]) == ("open", "open")
    assert [len(section.table.rows) for section in presentation.report(alone) if section.table] == [0, 0, 1]


def test_few_seeds_claim_nothing():
    rows = chosen(made(seeds=2))
    assert {row.against_random for row in rows} == {"too few seeds"}
    assert analysis.answer(rows)[0] == "open"


@pytest.mark.parametrize(
    ("low", "high", "told"), [(-0.02, 0.009, "within"), (0.011, 0.1, "not within"), (0.0, 0.02, "open")]
)
def test_near_is_decided_by_the_interval(low, high, told):
    assert analysis.against_best(Difference(0.0, low, high, 1.0, 0.0, 0.5)) == told


def test_the_report_shows_the_tables_and_the_rule():
    sections = presentation.report(made())
    text = " ".join(section.text + section.listing for section in sections)
    assert setup.RULE in text
    assert "of 8 rows of q2 to q5, 8 are better and 0 worse" in text
    tables = [section.table for section in sections if section.table]
    assert [len(table.rows) for table in tables] == [8, 10, 63]
    assert "mean F1 0.8" in sections[0].drawing.alt


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kept": ("54",)}, "`kept` must be one of"),
        ({"measured": ("always",)}, "`measured` must be one of"),
        ({"epochs": 0}, "`epochs` must be at least 1"),
    ],
)
def test_unknown_options_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        kept_qubits.study(kept_qubits.Options(**options))


@pytest.mark.exhaustive
def test_a_small_study_runs(tmp_path):
    options = kept_qubits.Options(seeds=2, epochs=3, kept=("5", "45", "012345"))
    studies.run(kept_qubits.study(options), tmp_path)
    results = studies.load(tmp_path)
    whole = results.f1_weighted.sel(kept="012345")
    assert bool((results.told_apart.sel(kept="5") < results.told_apart.sel(kept="45")).all())
    np.testing.assert_allclose(whole.sel(measured="never"), whole.sel(measured="every"), atol=0.05)
    assert results.f1_weighted.dims == ("student", "measured", "kept", "distilled", "seed")
