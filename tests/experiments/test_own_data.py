import csv
import itertools
import json

import jax
import numpy as np
import pytest
import xarray as xr
from scipy.stats import wilcoxon
from sklearn.datasets import load_wine

import jaxqkd as jq
from jaxqkd import cli, reports
from jaxqkd.cli import execution
from jaxqkd.experiments import own_data
from jaxqkd.experiments.own_data import preparation, presentation, saving, setup
from jaxqkd.experiments.own_data.options import Options, study_of_file
from jaxqkd.quantum import encodings

SMALL = ["--label", "cultivar", "--qubits", "2", "--layers", "1", "--seeds", "2", "--epochs", "4"]
CLASSES = ("Barbera", "Barolo", "Grignolino")


def wine():
    """A table as a user might have it: shuffled rows, names of classes, names with blanks."""
    frame = load_wine(as_frame=True).frame.rename(columns=lambda name: name.replace("_", " "))
    names = frame.pop("target").map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
    return frame.assign(cultivar=names).sample(frac=1, random_state=0).reset_index(drop=True)


def some_students(*sizes):
    """The student and two of its controls, since each compiles a program of its own."""
    return {name: model for name, model in setup.students(*sizes).items() if name in ("hea", "linear", "frozen")}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The directory of a small study, run by the command."""
    where = tmp_path_factory.mktemp("distil")
    wine().to_csv(where / "wine.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "use_all_cores", lambda: None)
        patch.setattr(execution, "use_compile_cache", lambda directory=None: None)
        patch.setattr(own_data.training, "students", some_students)
        patch.setattr(saving, "students", some_students)
        patch.setattr(reports.saving, "page", lambda *report, **more: "drawn elsewhere, since it takes its time")
        status = cli.main(["distil", "--data", str(where / "wine.csv"), *SMALL, "--out", str(where / "out")])
    assert status == 0
    return where


@pytest.fixture(autouse=True)
def _keep_devices(monkeypatch):
    monkeypatch.setattr(execution, "use_all_cores", lambda: None)
    monkeypatch.setattr(execution, "use_compile_cache", lambda directory=None: None)


def table(rows=60, features=5, classes=2):
    """A table of noise, with which no teacher can do better than by chance."""
    k_x, k_labels = jax.random.split(jax.random.key(0))
    x = jax.random.normal(k_x, (rows, features))
    return jq.data.from_arrays(x, jax.random.permutation(k_labels, np.arange(rows) % classes))


def choice(**changes):
    return setup.Choice(qubits=2, layers=1)._replace(**changes)


def test_a_missing_value_is_refused_by_its_line_and_the_cures_work(tmp_path, capsys):
    frame = wine()
    frame.loc[16, "ash"] = None
    frame.to_csv(tmp_path / "wine.csv", index=False)
    command = ["distil", "--data", str(tmp_path / "wine.csv"), *SMALL, "--out", str(tmp_path / "out")]
    assert cli.main(command) == 2
    error = capsys.readouterr().err
    assert "`data` must have a value in every cell, but is empty at row 17 (line 18 of the file)" in error
    assert "column 'ash'" in error
    assert "--missing drop" in error
    assert not (tmp_path / "out").exists()
    for cure, dropped in ((["--ignore", "ash"], 0), (["--missing", "drop"], 1)):
        assert cli.main([*command, *cure, "--qubits", "14"]) == 2
        error = capsys.readouterr().err
        assert "`qubits` must be at most the" in error  # past the reading of the table
        assert error.count("Dropped 1 of 178 rows") == dropped


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--label", "vineyard"], "`label` must name a column of the table, but is 'vineyard'"),
        (["--teacher", "oracle"], "`teacher` must be mlp, forest or a .npy file of logits, but is 'oracle'"),
        (["--student", "big"], "`student` must be one of 'hea'"),
        (["--student", "reuploading", "--encoding", "amplitude"], '`encoding` must be "angle" for reuploading'),
        (["--encoding", "phase"], "`encoding` must be one of 'angle', 'amplitude'"),
        (["--seeds", "0"], "`seeds` must be at least 1"),
        (["--epochs", "0"], "`epochs` must be at least 1"),
        (["--seed", "-1"], "`seed` must be at least 0"),
        (
            ["--label", "proline"],
            "otherwise in 'cultivar'. Encode them as numbers, or leave them out with --ignore 'cu",
        ),
        (["--data", "nothing.csv"], "`data` must name a file"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(ran, tmp_path, capsys, changes, told):
    out = tmp_path / "out"
    assert cli.main(["distil", "--data", str(ran / "wine.csv"), *SMALL, "--out", str(out), *changes]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_logits_of_another_shape_are_refused(ran, tmp_path, capsys):
    np.save(tmp_path / "own.npy", np.zeros((177, 3)))
    command = ["distil", "--data", str(ran / "wine.csv"), *SMALL, "--out", str(tmp_path / "out")]
    assert cli.main([*command, "--teacher", str(tmp_path / "own.npy")]) == 2
    assert "`teacher` must have the shape (178, 3), but is (177, 3)" in capsys.readouterr().err
    bad = {
        "hold real numbers, but is of dtype <U1": np.full((178, 3), "a"),
        "hold real numbers, but is of dtype complex128": np.zeros((178, 3), complex),
        "have the shape (178, 3), but is (0,)": np.zeros(0),
        "be finite, but is inf at row 0, column 0": np.full((178, 3), np.inf),
    }
    for told, logits in bad.items():
        np.save(tmp_path / "own.npy", logits)
        assert cli.main([*command, "--teacher", str(tmp_path / "own.npy")]) == 2
        assert f"`teacher` must {told}" in capsys.readouterr().err
    (tmp_path / "own.npy").write_bytes(b"")
    assert cli.main([*command, "--teacher", str(tmp_path / "own.npy")]) == 2
    assert "`teacher` must be a readable .npy file" in capsys.readouterr().err


def test_the_command_leaves_a_report_and_a_student(ran):
    names = sorted(path.name for path in (ran / "out").iterdir())
    files = ["figure.png", "manifest.json", "report.html", "results.nc", "runs.csv", "study.json", "table.md"]
    assert names == sorted([*files, "blocks", "student"])
    with (ran / "out" / "runs.csv").open() as stream:
        assert sum(1 for _ in csv.DictReader(stream)) == 3 * 3 * 3 * 3 * 2
    text = (ran / "out" / "table.md").read_text()
    assert "**What the teacher adds**" in text
    assert "Fewer than 9 seeds never pass a correction over 7 comparisons." in text


def test_the_saved_student_is_the_one_that_the_study_recorded(ran):
    results, student = jq.studies.load(ran / "out"), jq.load_student(ran / "out" / "student")
    facts = student.facts
    recorded = results.sel(student="hea", teacher="teacher", seed=facts["seed"]).sel(
        temperature=facts["temperature"], alpha=facts["alpha"]
    )
    assert facts["test_f1"] == pytest.approx(float(recorded.f1_macro), abs=1e-6)
    assert student.names == CLASSES
    assert facts["label"] == "cultivar"
    frame = wine()
    data = jq.data.read(frame, label="cultivar").data
    order = preparation.prepare(data, choice(), seeds=2, base=0, teacher="mlp").orders[facts["seed"]]
    test = order[preparation.ends(178)[1] :]
    scores = student.logits(data.x[test])
    assert float(jq.metrics.f1(scores, data.labels[test], classes=3)) == pytest.approx(facts["test_f1"], abs=1e-6)


def test_without_a_teacher_nothing_depends_on_the_teacher(ran):
    alone = jq.studies.load(ran / "out").loss.sel(alpha=0.0)
    first = alone.isel(teacher=0, temperature=0)
    for teacher, temperature in itertools.product(range(3), range(3)):
        np.testing.assert_allclose(alone.isel(teacher=teacher, temperature=temperature), first, rtol=1e-5)
    taught = jq.studies.load(ran / "out").loss.sel(alpha=0.9, temperature=2.0)
    assert (
        (abs(taught.sel(teacher="shuffled") - taught.sel(teacher="teacher")) > 1e-3).all("epoch").any("seed").all()
    )


def predicted(capsys, ran, frame, *more):
    """What `predict` prints of a table, as a table, and what it says beside."""
    frame.to_csv(ran / "new.csv", index=False)
    status = cli.main(["predict", "--model", str(ran / "out"), "--data", str(ran / "new.csv"), *more])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_predict_scores_new_rows_whatever_the_order_of_columns(ran, capsys, tmp_path):
    student, frame = jq.load_student(ran / "out" / "student"), wine().head(9)
    status, text, told = predicted(capsys, ran, frame)
    lines = [line.split(",") for line in text.splitlines()]
    assert status == 0
    assert lines[0] == ["row", "predicted", *(f"p({name})" for name in CLASSES)]
    chances = jax.nn.softmax(student.logits(frame[list(student.columns)].to_numpy(np.float32)))
    np.testing.assert_allclose(np.array([line[2:] for line in lines[1:]], float), chances, atol=1e-6)
    assert [line[1] for line in lines[1:]] == [CLASSES[at] for at in chances.argmax(axis=1)]
    right = np.mean([line[1] for line in lines[1:]] == frame.cultivar)
    assert f"accuracy {right:.3f}" in told
    mixed = frame[sorted(frame.columns)].drop(columns="cultivar").assign(cellar=1)
    status, again, told = predicted(capsys, ran, mixed, "--out", str(tmp_path / "scores.csv"))
    assert (status, again) == (0, "")
    assert (tmp_path / "scores.csv").read_text() == text
    assert told == "jaxqkd: left out columns that the student does not know: cellar\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.drop(columns="ash"), "without 'ash'"),
        (lambda frame: frame.assign(ash=[1.0, None, 2.0]), "empty at row 2 (line 3 of the file), column 'ash'"),
        (lambda frame: frame.assign(ash="much"), "have numbers for features, but is otherwise in 'ash'"),
        (lambda frame: frame.assign(cultivar="Syrah"), "in column 'cultivar', but is with Syrah"),
    ],
)
def test_predict_refuses_what_it_cannot_score(ran, capsys, change, told):
    status, text, error = predicted(capsys, ran, change(wine().head(3)))
    assert (status, text) == (2, "")
    assert told in error


def test_predict_refuses_a_directory_without_a_student(tmp_path, capsys):
    assert cli.main(["predict", "--model", str(tmp_path), "--data", "new.csv"]) == 2
    assert "without student.json" in capsys.readouterr().err


def test_splits_are_stratified_partitions_that_differ_by_seed():
    labels = np.repeat([0, 1, 2], [10, 30, 60])
    data = jq.data.from_arrays(np.random.default_rng(0).normal(size=(100, 3)), labels)
    found = preparation.prepare(data, choice(), seeds=3, base=0, teacher="mlp").orders
    for order in found:
        assert sorted(order) == list(range(100))
        counts = [np.bincount(labels[order[part]]) for part in (slice(60), slice(60, 80), slice(80, None))]
        np.testing.assert_allclose(counts, [[6, 18, 36], [2, 6, 12], [2, 6, 12]], atol=1)
    assert (found[0] != found[1]).any()


def test_a_seeds_preparation_does_not_depend_on_the_others(monkeypatch):
    monkeypatch.setattr(preparation, "TREES", 5)
    many, few = (preparation.prepare(table(), choice(), seeds=seeds, base=0, teacher="forest") for seeds in (3, 2))
    for one, other in zip(jax.tree.leaves(many[1:]), jax.tree.leaves(few[1:]), strict=True):
        np.testing.assert_array_equal(one[:2], other)


def test_reductions_have_seen_training_rows_alone():
    data = table()
    found = preparation.prepare(data, choice(), seeds=1, base=0, teacher="mlp")
    others = found.orders[0, preparation.ends(60)[0] :]
    moved = data._replace(x=data.x.at[others].add(100.0))
    again = preparation.prepare(moved, choice(), seeds=1, base=0, teacher="mlp")
    for one, other in zip(found.reductions, again.reductions, strict=True):
        np.testing.assert_array_equal(one, other)
    train = jq.data.apply_reduction(jax.tree.map(lambda leaf: leaf[0], found.reductions), data.x)[
        found.orders[0, :36]
    ]
    np.testing.assert_allclose([train.min(axis=0), train.max(axis=0)], [[0, 0], [np.pi, np.pi]], atol=1e-5)


def test_forests_have_not_seen_the_rows_that_they_are_asked_of(monkeypatch):
    """Of labels that are noise, a forest knows nearly all that it has seen and by chance those that it has not."""
    monkeypatch.setattr(preparation, "TREES", 20)
    data = table(rows=100)
    logits = preparation.prepare(data, choice(), seeds=4, base=0, teacher="forest").forests
    right = (logits.argmax(axis=-1) == np.asarray(data.labels)).mean()
    assert abs(right - 0.5) < 4 * 0.5 / np.sqrt(100)


def test_rare_classes_are_refused():
    data = jq.data.from_arrays(np.eye(24), [0] * 20 + [1] * 4)
    with pytest.raises(ValueError, match="at least 5 rows of each class, but is 4 of class 1"):
        preparation.prepare(data, choice(), seeds=1, base=0, teacher="mlp")


def test_logits_of_ones_own_go_with_their_rows():
    data = table()
    logits = np.stack([np.arange(60.0), -np.arange(60.0)], axis=1).astype(np.float32)
    study = own_data.study(data._replace(teacher=logits), choice(), classes=2, teacher="logits", seeds=2)
    key = jq.studies.study.seed_keys(0, [1])[0]
    seed_data = jax.jit(lambda key: own_data.seed_data(key, study.data, classes=2, taught_by="logits"))(key)
    train = study.data.orders[1, :36]
    np.testing.assert_array_equal(seed_data.train.teacher, logits[train])
    np.testing.assert_array_equal(seed_data.teachers[0], logits[train])
    np.testing.assert_array_equal(np.sort(seed_data.teachers[1], axis=0), np.sort(logits[train], axis=0))
    np.testing.assert_array_equal(seed_data.train.labels, data.labels[train])
    np.testing.assert_array_equal(seed_data.test.labels, data.labels[study.data.orders[1, 48:]])


@pytest.mark.parametrize(
    ("features", "encoding", "qubits", "found"),
    [
        (13, "angle", None, 4),
        (2, "angle", None, 2),
        (13, "angle", 6, 6),
        (13, "amplitude", None, 4),
        (1, "amplitude", None, 1),
        (64, "amplitude", 5, 5),
    ],
)
def test_qubits_come_from_the_data_where_they_are_not_given(features, encoding, qubits, found):
    assert setup.choose("hea", features, qubits=qubits, layers=1, encoding=encoding).qubits == found


@pytest.mark.parametrize("ansatz", setup.ANSAETZE)
@pytest.mark.parametrize("encoding", setup.ENCODINGS)
def test_every_student_takes_what_its_reduction_gives(ansatz, encoding):
    if (ansatz, encoding) == ("reuploading", "amplitude"):
        return
    x = np.random.default_rng(0).normal(size=(20, 5)) @ np.diag([1, 2, 3, 0, 0])  # of three dimensions
    chosen = setup.choose(ansatz, 5, qubits=4 if encoding == "angle" else None, layers=1, encoding=encoding)
    reduced = jq.data.apply_reduction(setup.reduction(chosen, x), x)
    assert reduced.shape == (20, setup.width(chosen, 5))
    model = setup.student(chosen, 3)
    params = jax.eval_shape(model.init, jax.random.key(0), reduced)
    assert jax.eval_shape(model.apply, params, reduced).shape == (20, 3)


def made_up(seeds=20):
    """Results with one planted effect: the first student gains 0.1 at T = 4, alpha = 0.5, by its own teacher."""
    rng = np.random.default_rng(1)
    coordinates = {
        "student": ["hea", "linear", "mlp", "frozen", "no entanglers"],
        "teacher": ["teacher", "shuffled", "smoothed"],
        "temperature": [1.0, 2.0, 4.0],
        "alpha": [0.0, 0.5, 0.9],
        "seed": np.arange(seeds),
    }
    shape = tuple(map(len, coordinates.values()))
    scores = 0.6 + 0.01 * rng.normal(size=shape)
    scores[:, :, :, 0] = scores[:, :1, :1, 0]
    scores[0, 0, 2, 1] += 0.1
    names = ("f1_macro", "validation_f1", "teacher_f1", "teacher_validation_f1", "majority_f1_macro")
    values = {name: (tuple(coordinates), scores.copy()) for name in names[:2]}
    values |= {
        name: (tuple(coordinates), np.full(shape, level))
        for name, level in zip(names[2:], (0.9, 0.9, 0.3), strict=True)
    }
    results = xr.Dataset(values, coordinates, {"study": "own_data", "score": "f1_macro"})
    results["validation_loss"] = -results.validation_f1
    return results


def tables(sections):
    """Returns the rows of the study's own tables by their titles, each cell as its lines."""
    shown = {section.title: section.table.rows for section in sections if section.table and not section.detail}
    return {title: [[cell.split("\n") for cell in row] for row in rows] for title, rows in shown.items()}


def verdicts(sections):
    return {(part, line[0][0], line[1][0]): line for part, lines in tables(sections).items() for line in lines}


def test_a_planted_effect_is_found_and_nothing_else():
    found = presentation.report(made_up())
    shown = verdicts(found)
    added = {student: line[-1][0] for (part, student, _), line in shown.items() if part == "What the teacher adds"}
    assert added["hea"] == "better"
    assert set(added.values()) == {"better", "no difference shown"}
    assert shown["What the teacher adds", "hea", "without a teacher"][2] == ["T=4, α=0.5"]
    assert "hea" in next(section.drawing for section in found if section.drawing).alt


def test_the_choice_of_a_setting_does_not_see_the_test_rows():
    results = made_up()
    other = results.assign(f1_macro=results.f1_macro[..., ::-1] * np.linspace(0, 1, 9).reshape(1, 1, 3, 3, 1))
    for name in results.student.values:
        assert presentation.chosen(results, str(name)) == presentation.chosen(other, str(name))
    assert saving.best(results)[:3] == saving.best(other)[:3]


def test_changes_and_corrected_p_are_those_of_scipy():
    results = made_up()
    shown = presentation.report(results)
    pick = results.f1_macro.sel
    pairs = []
    for name in results.student.values:
        at = presentation.chosen(results, str(name))
        here = pick(student=name, temperature=at.temperature, teacher="teacher").sel
        sides = here(alpha=0.0), here(alpha=at.alpha)
        pairs.append([side.values for side in sides])
    first = pick(student="hea", temperature=4.0, alpha=0.5).sel
    pairs += [[first(teacher=kind).values, pairs[0][1]] for kind in ("shuffled", "smoothed")]
    pairs += [[pair[1], pairs[0][1]] for pair in pairs[1:5]]
    p = np.array([wilcoxon(after, before, method="exact").pvalue for before, after in pairs])
    order, corrected = np.argsort(p), np.empty(11)
    corrected[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(11, 0, -1)))
    lines = [line for lines in tables(shown).values() for line in lines]
    assert [line[5][-1] for line in lines] == [
        "p < 0.001" if value < 0.001 else f"p {value:.3f}" for value in corrected
    ]
    assert [line[5][0] for line in lines] == [f"{(after - before).mean():+.3f}" for before, after in pairs]


def test_a_teacher_that_is_no_better_is_told_of():
    good = made_up()
    assert not any("Warning" in section.text for section in presentation.report(good))
    bad = good.assign(teacher_validation_f1=good.teacher_validation_f1 - 0.5)
    assert any("Warning" in section.text for section in presentation.report(bad))


def test_the_best_student_is_the_best_on_validation_rows():
    results = made_up()
    found = saving.best(results)
    judged = results.validation_f1.sel(student="hea", teacher="teacher", temperature=4.0, alpha=0.5)
    assert (found.student, found.setting.temperature, found.setting.alpha) == ("hea", 4.0, 0.5)
    assert found.seed == int(judged.values.argmax())
    without = results.assign(validation_f1=results.validation_f1.where(results.alpha == 0, 0.0))
    assert saving.best(without).setting.alpha == 0.0


def test_the_manifest_tells_what_was_chosen(ran):
    facts = json.loads((ran / "out" / "manifest.json").read_text())
    assert facts["description"]["options"]["taught_by"] == "mlp"
    chosen = presentation.chosen(jq.studies.load(ran / "out"), "hea")
    assert facts["chosen"]["hea"] == pytest.approx(chosen._asdict())


OWN_CIRCUIT = """
OPENQASM 3.0;
input array[float, 4] theta; input float x_0; input float x_1;
qubit[2] q; bit c;
for int k in [0:1] { ry(x_0) q[0]; ry(x_1) q[1]; ry(theta[2 * k]) q[0]; rx(theta[2 * k + 1]) q[1]; cz q[0], q[1]; }
c = measure q[1];
"""


def own_circuit_options(tmp_path, text=OWN_CIRCUIT, **changes):
    data, circuit = tmp_path / "data.csv", tmp_path / "mine.qasm"
    rng = np.random.default_rng(0)
    rows = [f"{a:.4f},{b:.4f},{c:.4f},{int(a * b > 0)}" for a, b, c in rng.normal(size=(40, 3))]
    data.write_text("\n".join(["a,b,c,label", *rows]))
    circuit.write_text(text)
    return Options(data, "label", circuit=circuit, seeds=2, epochs=1, **changes)


def test_the_users_circuit_is_the_student(tmp_path):
    study = study_of_file(own_circuit_options(tmp_path))
    assert study.students[0] == "mine.qasm"
    choice = setup.choice_of(json.loads(json.dumps(study.options["choice"])))
    student = setup.students(choice, 2, 2)["mine.qasm"]
    assert (student.circuit.shape, student.measured, student.encoding) == ((2, 2), (1,), encodings.zero)
    assert setup.width(choice, 3) == 2
    assert study_of_file(own_circuit_options(tmp_path, OWN_CIRCUIT + "\n")).description != study.description


def test_a_circuit_whose_trained_gates_all_entangle_has_one_control_less(tmp_path):
    text = "input float theta; input float x; qubit[2] q; rx(x) q; rxx(theta) q[0], q[1];"
    students = study_of_file(own_circuit_options(tmp_path, text)).students
    assert students == ("mine.qasm", "linear", "mlp", "frozen")


def test_a_circuit_without_features_stands_behind_the_encoding(tmp_path):
    text = "input float a; qubit[2] q; ry(a) q[0]; cx q[0], q[1];"
    options = own_circuit_options(tmp_path, text, encoding="amplitude", circuit_trained=("a",))
    choice = setup.choice_of(study_of_file(options).options["choice"])
    assert setup.student(choice, 2).encoding is encodings.amplitude
    assert setup.width(choice, 3) == 3


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("qubit q; foo q;", {}, "`circuit` must have known gates, but is the gate 'foo' in line 1"),
        (
            "input float a; qubit q; rx(a) q;",
            {},
            "with 'a', which is neither. .* --circuit-trained a or --circuit-f",
        ),
        ("qubit q; rx(0.3) q;", {}, "`circuit` must have trained angles, but is without any"),
        ("input float theta; qubit[4] q; rx(theta) q;", {}, "at most 3 qubits, one a feature, for angle encoding"),
        ("input array[float, 4] x; input float theta; qubit q; rx(theta) q;", {}, "at most the 3 features of the"),
        (OWN_CIRCUIT, {"encoding": "amplitude"}, '`encoding` must be "angle" for a circuit that reads features'),
        (OWN_CIRCUIT, {"qubits": 2}, "must not be given beside a circuit, but is"),
    ],
)
def test_circuits_that_do_not_fit_are_refused_before_the_study(tmp_path, text, changes, message):
    with pytest.raises(ValueError, match=message):
        study_of_file(own_circuit_options(tmp_path, text, **changes))
