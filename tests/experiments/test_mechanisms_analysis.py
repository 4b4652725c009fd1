"""The analysis of `mechanisms` on simulated gains, whose causes are known."""

import numpy as np
import pytest
import xarray as xr

from jaxqkd.experiments.mechanisms import analysis, predictions, presentation
from jaxqkd.experiments.mechanisms.setup import LABEL_NOISE, ROWS, TEACHINGS

SEEDS, STUDENTS, STEPS = 16, ("head", "no_head", "mlp", "observable"), 3
NAMES = list(TEACHINGS)
ENTROPY = np.array([0.1, 0.3, 0.5, 0.8])
REMOVED = {"posterior": 0.75, "trained": 0.74, "trained, T = 4": 0.74, "trained, T = 4, standardized": 0.74}
REMOVED |= {"trained, transfer rows": 0.74, "overfitted": 0.02, "born again": 0.3, "clean labels": 0.5}


def measured(seed=0):
    """Results as `studies.load` returns them, of students that no teacher changes."""
    generator = np.random.default_rng(seed)
    shape = len(STUDENTS), len(ROWS), 1, len(LABEL_NOISE), SEEDS
    rows, noise = np.array(ROWS), np.array(LABEL_NOISE)
    learned = 0.9 - 1.5 / np.sqrt(rows)[:, None] - 0.3 * noise[None, :]
    late = np.array([0.85, 0.95, 1.0])
    base = learned[None, :, None, :, None, None, None] * late
    own = 0.02 * generator.normal(size=(*shape, 1, 1))  # a seed's luck, that all teachers share
    f1 = base + own + 0.004 * generator.normal(size=(*shape, len(NAMES), STEPS))
    soft = np.array([0.0 if TEACHINGS[name].teacher in ("none", "clean") else 1.0 for name in NAMES])
    removed = np.array([REMOVED.get(name, 0.0) for name in NAMES]) + 0.02 * generator.normal(size=(*shape, 1))
    signal = np.array([0.0 if name in ("shuffled", "smoothing") else 1.0 for name in NAMES])
    entropy = ENTROPY[:, None, None] * soft * (0.9 + 0.2 * generator.random((*shape, len(NAMES))))
    risk = np.array([0.0 if name == "posterior" else 0.05 for name in NAMES]) * generator.random((*shape, 1))
    loss = np.broadcast_to(np.array([0.4, 0.1, 0.02]), (*shape, STEPS)) * (1 + 0.1 * generator.random((*shape, 1)))
    dims = ("student", "rows", "task", "label_noise", "seed")
    at = {name: ((*dims, f"{name}_0", f"{name}_1"), f1) for name in ("f1_at", "accuracy_at", "excess_at")}
    ways = {"removed": removed, "softness": entropy, "risk": risk, "signal": signal, "retained": signal}
    ways |= {"gap_of": np.zeros(len(NAMES))}
    at |= {n: ((*dims, f"{n}_0"), np.broadcast_to(v, (*shape, len(NAMES)))) for n, v in ways.items()}
    variance = np.broadcast_to((0.1 + noise)[:, None], shape)
    at |= {"loss_at": ((*dims, "loss_at_0"), loss), "label_variance": (dims, variance)}
    at |= {"f1_macro": (dims, f1[..., 0, -1]), "teacher_f1": (dims, np.full(shape, 0.9))}
    coordinates = {"student": list(STUDENTS), "rows": rows, "task": ["low"], "label_noise": noise}
    attributes = {"study": "mechanisms", "score": "f1_macro", "version": 1}
    return xr.Dataset(at, coords=coordinates | {"seed": np.arange(SEEDS)}, attrs=attributes)


def world(causes, seed=0):
    """Results in which gains are the sum of exposures times coefficients, of the students that are named."""
    results = measured(seed)
    parts = analysis.exposures(analysis.named(results))
    added = 0.0 * parts.knowing
    for (name, student), size in causes.items():
        of_student = xr.DataArray([student in ("all", each) for each in STUDENTS], dims="student")
        added = added + size * parts[name] * of_student
    ordered = added.transpose("student", "rows", "task", "label_noise", "seed", "teaching", "step").values
    return results.assign(f1_at=(results.f1_at.dims, results.f1_at.values + ordered))


def concluded(results):
    each = analysis.outcomes(analysis.named(results))
    return {
        name: predictions.borne_out([one.outcome for one in each if one.claim.mechanism == name])
        for name in predictions.MECHANISMS
    }


WORLDS = {
    "H1": {("variance", "all"): 2.0},
    "H2": {("optimization", "head"): 0.3, ("optimization", "mlp"): 0.3, ("optimization", "no_head"): 0.3},
    "H3": {("softness", "all"): 0.1},
    "H4": {("transfer", "all"): 0.1},
    "H5": {("mismatch", "all"): -0.1},
}


@pytest.mark.parametrize("name", list(WORLDS))
def test_in_a_world_of_one_mechanism_it_alone_is_borne_out(name):
    assert [key for key, value in concluded(world(WORLDS[name])).items() if value == "borne out"] == [name]


@pytest.mark.parametrize("name", list(WORLDS))
def test_its_part_of_the_formula_carries_the_gain(name):
    ((part, student), size) = next(iter(WORLDS[name].items()))
    student = "no_head" if name == "H5" else "head" if student == "all" else student
    fitted = analysis.formula(analysis.named(world(WORLDS[name])), student)
    middle, *_ = fitted.of(part)
    assert abs(middle - size) < 4 * fitted.error[fitted.names.index(part)]
    assert middle == pytest.approx(size, rel=0.3)
    assert fitted.r_squared > 0.3


def test_where_no_teacher_does_anything_all_gains_are_none_and_the_sentence_is_false():
    found = analysis.named(measured())
    assert concluded(measured())["H1"] == "contradicted"
    middle, low, high = analysis.interaction(found).of("interaction")
    assert predictions.verdict(low, high) == "false"
    assert abs(middle) < 0.01


@pytest.mark.parametrize(("size", "said"), [(0.03, "true"), (-0.03, "reversed")])
def test_the_verdict_finds_an_interaction_beside_the_mechanisms(size, said):
    causes = {("variance", "all"): 2.0, ("softness", "all"): 0.05, ("knowing", "head"): size}
    fitted = analysis.interaction(analysis.named(world(causes)))
    _, low, high = fitted.of("interaction")
    assert predictions.verdict(low, high) == said
    assert low < size < high
    assert fitted.smallest[fitted.names.index("interaction")] < 0.03


def test_the_mechanisms_alone_are_no_interaction():
    causes = {("variance", "all"): 2.0, ("softness", "all"): 0.1, ("room", "all"): 0.1}
    _, low, high = analysis.interaction(analysis.named(world(causes))).of("interaction")
    assert predictions.verdict(low, high) == "false"


def test_a_formula_forecasts_another_world_of_the_same_causes_and_not_one_of_others():
    causes = {("variance", "all"): 2.0, ("transfer", "all"): 0.1}
    fitted = analysis.formula(analysis.named(world(causes)), "head")
    same = analysis.forecast(fitted, analysis.named(world(causes, seed=1)), "head")
    assert same.r_squared > 0.8
    other = analysis.forecast(fitted, analysis.named(world({("softness", "all"): -0.2}, seed=1)), "head")
    assert other.r_squared < 0.3


@pytest.mark.parametrize(
    ("expected", "interval", "outcome"),
    [
        ("above", (0.001, 0.1), "came out"),
        ("above", (-0.01, 0.01), "failed"),
        ("above", (-0.01, 0.1), "undecided"),
        ("below", (-0.1, -0.001), "came out"),
        ("none", (-0.01, 0.019), "came out"),
        ("none", (0.021, 0.1), "failed"),
        ("none", (-0.01, 0.1), "undecided"),
        ("not below", (-0.019, 0.1), "came out"),
        ("not above", (0.021, 0.1), "failed"),
        ("not above", (-0.1, 0.1), "undecided"),
    ],
)
def test_the_rule_of_the_claims(expected, interval, outcome):
    assert predictions.judged(expected, *interval) == outcome


def test_a_report_shows_claims_verdict_and_shares_of_all_students():
    results = world(WORLDS["H1"])
    results = results.assign(seconds=xr.zeros_like(results.f1_macro.isel(seed=0, task=0, drop=True)))
    sections = {section.title: section for section in presentation.report(results)}
    claims = sections[f"Predictions of {predictions.DATE}, and what came out"]
    assert [row[0] for row in claims.table.rows] == [claim.mechanism for claim in predictions.CLAIMS]
    assert "H1. Variance: the teacher removes label noise. Borne out: 6 of 6" in sections["The mechanisms"].text
    assert "false" in sections["The verdict"].text
    shares = sections["What each mechanism carries"].table
    assert list(shares.headers) == ["part", *STUDENTS]
    forecast = presentation.forecasts(results, world(WORLDS["H1"], seed=1))
    assert {row[0] for row in forecast.table.rows} == set(STUDENTS)


def test_cells_that_were_not_run_are_left_out():
    found = analysis.named(measured().sel(student=["mlp"]))
    assert analysis.outcomes(found) == []
    assert analysis.interaction(found) is None
    assert analysis.split(found, "head", "posterior") is None


def test_a_diverged_student_is_left_out_of_the_model():
    results = measured()
    results["removed"] = results.removed.copy()
    results["removed"][0, 0, 0, 0, 0, 9] = np.nan
    fitted = analysis.formula(analysis.named(results), "head")
    assert np.isfinite(fitted.coefficients).all()
