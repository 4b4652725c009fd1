import functools
import hashlib
import io
import json
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxqkd as jq
from jaxqkd.circuits import Circuit, Gate, unitary
from jaxqkd.files import load_archive, save_archive
from jaxqkd.saving.descriptions import known_encodings

CIRCUIT = Circuit(
    2, 2, (Gate("ry", (0,), theta=0), Gate("rx", (1,), x=0), Gate("cnot", (0, 1))), (Gate("h", (0,)),), 2.0
)
X = jax.random.uniform(jax.random.key(3), (7, 2))


def quantum(**changes):
    options = {"circuit": CIRCUIT, "classes": 3, "encoding": jq.quantum.encodings.angle} | changes
    return jq.models.QuantumStudent(**options)


MODELS = {
    "plain": quantum(),
    "options": quantum(
        encoding=functools.partial(jq.quantum.encodings.angle, axis="x"), input_width=2, measured=(1,)
    ),
    "amplitudes": quantum(encoding=jq.quantum.encodings.amplitude),
    "no head": quantum(classes=2, head="none", initializer=jq.quantum.initializers.normal),
    "mlp": jq.models.MLP(features=(4, 3), classes=3),
    "linear": jq.models.Linear(classes=3),
}


def trained(model):
    return model.init(jax.random.key(1), X)


@pytest.mark.parametrize("name", MODELS)
def test_what_is_loaded_gives_the_same_logits_bit_for_bit(tmp_path, name):
    model, params = MODELS[name], trained(MODELS[name])
    jq.save_student(tmp_path, model, params, columns=("a", "b"))
    found = jq.load_student(tmp_path)
    np.testing.assert_array_equal(found.logits(X), model.apply(params, X))
    assert jax.tree.structure(found.params) == jax.tree.structure(params)
    assert (found.reduction, found.names, found.columns) == (None, None, ("a", "b"))


def test_a_circuit_comes_back_equal(tmp_path):
    jq.save_student(tmp_path, quantum(), trained(quantum()))
    assert jq.load_student(tmp_path).model == quantum()


def test_a_circuit_with_other_angles_and_matrices_comes_back_equal(tmp_path):
    angles = Gate("ry", (0,), theta=0, factor=0.1, offset=0.2), Gate("rzz", (0, 1), x=(0, 1), factor=2.0)
    fixed = Gate("rx", (0,), offset=0.3), unitary(np.diag([1, np.exp(0.1j)]), (1,))
    model = quantum(circuit=Circuit(2, 2, (*angles, *fixed), fixed))
    jq.save_student(tmp_path, model, trained(model))
    assert jq.load_student(tmp_path).model == model


def test_a_file_of_a_circuit_of_plain_angles_is_as_before(tmp_path):
    jq.save_student(tmp_path, quantum(), trained(quantum()))
    circuit = json.loads((tmp_path / "student.json").read_text())["model"]["circuit"]
    gates = [["ry", [0], 0, None], ["rx", [1], None, 0], ["cnot", [0, 1], None, None]]
    assert circuit["gates"] == gates
    assert circuit["prefix"] == [["h", [0], None, None]]


def test_the_reduction_and_the_names_come_along(tmp_path):
    raw = jax.random.normal(jax.random.key(0), (20, 5)) * 3 + 1
    reduction = jq.data.fit_reduction(raw, features=2, span=(0, np.pi))
    names, columns = ("ash", "oak", "elm"), tuple("abcde")
    facts = {"label": "tree", "alpha": 0.5}
    params = trained(quantum())
    jq.save_student(tmp_path, quantum(), params, reduction=reduction, names=names, columns=columns, facts=facts)
    found = jq.load_student(tmp_path)
    assert (found.names, found.columns, found.facts) == (names, columns, facts)
    wanted = quantum().apply(params, jq.data.apply_reduction(reduction, raw))
    np.testing.assert_array_equal(found.logits(raw), wanted)


def test_there_is_no_pickle_and_a_second_student_replaces_the_first(tmp_path):
    for name in ("plain", "linear"):
        jq.save_student(tmp_path, MODELS[name], trained(MODELS[name]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["student.json", "student.npz"]
    assert isinstance(jq.load_student(tmp_path).model, jq.models.Linear)
    with np.load(tmp_path / "student.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["params.params.head.bias", "params.params.head.kernel"]


def own(x, qubits):
    return jq.quantum.encodings.angle(x, qubits)


class Other:
    """A model that is not of this package."""


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (quantum(encoding=own), "`student.encoding` must be one of .*amplitude.*'own'"),
        (quantum(encoding=lambda x, qubits: x), "`student.encoding` must be one of"),
        (quantum(encoding=functools.partial(jq.quantum.encodings.angle, axis=("x",))), "have plain options"),
        (Other(), "`student` must be a QuantumStudent, MLP, Linear, but is a Other"),
    ],
)
def test_what_another_process_could_not_make_again_is_refused(tmp_path, model, told):
    with pytest.raises(ValueError, match=told):
        jq.save_student(tmp_path / "new", model, trained(quantum()))
    assert not (tmp_path / "new").exists()


def test_parameters_and_names_that_do_not_fit_are_refused(tmp_path):
    params = trained(quantum())
    bad = jax.tree.map(lambda leaf: leaf.at[0].set(jnp.nan), params)
    with pytest.raises(ValueError, match=r"`params` must be finite numbers, but is otherwise in 'params.params."):
        jq.save_student(tmp_path, quantum(), bad)
    with pytest.raises(ValueError, match="takes no such parameters for 2 features"):
        jq.save_student(tmp_path, quantum(classes=4), params, columns=("a", "b"))
    with pytest.raises(ValueError, match="`names` must name the 3 classes"):
        jq.save_student(tmp_path, quantum(), params, names=("a", "b"))
    with pytest.raises(ValueError, match="takes no such parameters for 3 features"):
        jq.save_student(tmp_path, quantum(), params, columns=("a", "b", "c"))
    with pytest.raises(ValueError, match="`columns` must hold each value once"):
        jq.save_student(tmp_path, quantum(), params, columns=("a", "a"))


def changed(directory, **changes):
    path = directory / "student.json"
    held = json.loads(path.read_text())
    for where, value in changes.items():
        *folders, name = where.split("__")
        functools.reduce(lambda tree, folder: tree[folder], folders, held)[name] = value
    path.write_text(json.dumps(held))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "hold a student of format 3, but is .*student.json of 2"),
        ({"sha256": "0"}, "student.npz, of another"),
        ({"model__kind": "Pickle"}, "student.json does not fit together: .*`kind` must be one of"),
        ({"model__encoding__name": "system"}, "student.json does not fit together: .*`encoding` must be one of"),
        ({"model__encoding__name": "known_encodings"}, "`encoding` must be one of"),
        ({"model__encoding__options": {"shell": "x"}}, "student.json does not fit together: .*unexpected keyword"),
        (
            {"model__circuit__gates": [["hack", [0], 0, None]]},
            "student.json does not fit .*`gate.name` must be one",
        ),
        ({"model__circuit__layers": 3}, "student.json does not fit together: the model takes no such parameters"),
        ({"model__classes": "3"}, "student.json does not fit together: .*`classes` must be an integer"),
        ({"model": None}, "student.json is no saved student"),
        ({"model__surprise": 1}, "student.json is no saved student"),
    ],
)
def test_files_that_were_changed_are_refused_by_name(tmp_path, changes, told):
    jq.save_student(tmp_path, quantum(), trained(quantum()), columns=("a", "b"))
    changed(tmp_path, **changes)
    with pytest.raises(ValueError, match=told):
        jq.load_student(tmp_path)


def test_files_that_are_missing_or_broken_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"without student.json"):
        jq.load_student(tmp_path)
    jq.save_student(tmp_path, quantum(), trained(quantum()))
    archive = tmp_path / "student.npz"
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"student.npz is damaged"):
        jq.load_student(tmp_path)
    (tmp_path / "student.json").write_text("{")
    with pytest.raises(ValueError, match=r"student.json is no saved student"):
        jq.load_student(tmp_path)


def test_arrays_of_another_student_are_refused(tmp_path):
    for folder, model in (("one", MODELS["linear"]), ("two", MODELS["mlp"])):
        jq.save_student(tmp_path / folder, model, trained(model))
    (tmp_path / "two" / "student.npz").replace(tmp_path / "one" / "student.npz")
    with pytest.raises(ValueError, match=r"`directory` must hold the student.npz of its student.json"):
        jq.load_student(tmp_path / "one")


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "compression", "told"),
    [
        (npy(np.array([print], object)), zipfile.ZIP_STORED, "student.npz is no archive of arrays: Object arrays"),
        (
            bytes(10**6),
            zipfile.ZIP_DEFLATED,
            "student.npz is no archive of arrays: it unpacks to more",
        ),
    ],
    ids=["pickle", "bomb"],
)
def test_archives_that_are_sealed_and_dangerous_are_refused(tmp_path, content, compression, told):
    jq.save_student(tmp_path, MODELS["linear"], trained(MODELS["linear"]))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("params.params.head.kernel.npy", content)
        archive.comment = b"0" * 64
    body = stream.getvalue()[:-64]
    sha256 = hashlib.sha256(body).hexdigest()
    (tmp_path / "student.npz").write_bytes(body + sha256.encode())
    changed(tmp_path, sha256=sha256)
    with pytest.raises(ValueError, match=told):
        jq.load_student(tmp_path)


def test_arrays_that_are_not_finite_are_refused(tmp_path):
    jq.save_student(tmp_path, MODELS["linear"], trained(MODELS["linear"]))
    arrays = load_archive(tmp_path / "student.npz").arrays
    bad = {name: np.full_like(values, np.nan) for name, values in arrays.items()}
    changed(tmp_path, sha256=save_archive(tmp_path / "student.npz", bad))
    with pytest.raises(ValueError, match="`params` must be finite numbers"):
        jq.load_student(tmp_path)


def test_a_description_that_is_too_large_is_refused_unread(tmp_path):
    jq.save_student(tmp_path, MODELS["linear"], trained(MODELS["linear"]))
    with (tmp_path / "student.json").open("wb") as stream:
        stream.truncate(2**24 + 1)
    with pytest.raises(ValueError, match=r"`directory` must hold a student\.json of at most 16777216 bytes"):
        jq.load_student(tmp_path)


def test_every_encoding_that_ships_is_known():
    known = known_encodings()
    assert {"amplitude", "angle", "zero", "iqp", "dense_angle"} <= set(known)
    assert all(known[name] is getattr(jq.quantum.encodings, name) for name in known)
