"""Sealed archives: they come back as they were, and nothing else comes back."""

import hashlib
import io
import os
import pickle
import zipfile

import chex
import numpy as np
import pytest

from jaxqkd import files
from jaxqkd.files import DamagedError

ARRAYS = {"f1": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3), "params.head.bias": np.array([True, False])}
FACTS = {"study": "abc", "seconds": 1.5}


@pytest.fixture
def path(tmp_path):
    files.save_archive(tmp_path / "a.npz", ARRAYS, FACTS)
    return tmp_path / "a.npz"


def test_an_archive_comes_back_as_it_was_and_numpy_opens_it(path):
    archive = files.load_archive(path)
    assert archive.facts == FACTS
    assert archive.sha256 == hashlib.sha256(path.read_bytes()[:-64]).hexdigest()
    chex.assert_trees_all_equal(archive.arrays, ARRAYS, strict=True)
    with np.load(path, allow_pickle=False) as opened:
        np.testing.assert_array_equal(opened["f1"], ARRAYS["f1"])


def test_facts_may_be_left_out(tmp_path):
    sha256 = files.save_archive(tmp_path / "a.npz", ARRAYS)
    assert files.load_archive(tmp_path / "a.npz")[1:] == ({}, sha256)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as opened:
        assert sorted(opened) == sorted(ARRAYS)


def test_the_same_content_gives_the_same_bytes(path, tmp_path):
    files.save_archive(tmp_path / "again.npz", ARRAYS, FACTS)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def sealed(entries, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.comment = b"0" * 64
    body = stream.getvalue()[:-64]
    return body + hashlib.sha256(body).hexdigest().encode()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


class Evil:
    def __reduce__(self):
        return print, ("a pickle was opened",)


@pytest.mark.parametrize("content", [npy(np.array([Evil()], object)), pickle.dumps(Evil())])
def test_a_pickle_is_refused_unopened(tmp_path, capsys, content):
    path = tmp_path / "evil.npz"
    path.write_bytes(sealed({"f1.npy": content}))
    with pytest.raises(DamagedError, match="is no archive of arrays"):
        files.load_archive(path)
    assert capsys.readouterr().out == ""


def test_a_zip_bomb_is_refused_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    path.write_bytes(sealed({"f1.npy": bytes(10**7)}, zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 10**5
    with pytest.raises(DamagedError, match="more than its own size"):
        files.load_archive(path)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.npz"
    with path.open("wb") as stream:
        stream.truncate(files.LARGEST + 1)
    with pytest.raises(DamagedError, match="more than the 2147483648 that are read"):
        files.load_archive(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for read in (files.load_archive, files.load_json):
        with pytest.raises(DamagedError, match="pipe is no file"):
            read(tmp_path / "pipe")


@pytest.mark.parametrize("text", ["", "[1]", "3", "{", "[" * 10**5, '{"a": ' * 10**5])
def test_json_that_is_no_object_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DamagedError, match=r"x\.json"):
        files.load_json(tmp_path / "x.json")


@pytest.mark.parametrize("name", ["../../escaped", "/etc/passwd", "..", "a/b", "a..b", ""])
def test_a_path_for_a_name_is_refused(tmp_path, name):
    path = tmp_path / "x.npz"
    path.write_bytes(sealed({f"{name}.npy": npy(np.ones(2))}))
    with pytest.raises(DamagedError, match="other names than identifiers joined by dots"):
        files.load_archive(path)
    assert [entry.name for entry in tmp_path.rglob("*")] == ["x.npz"]


@pytest.mark.parametrize("name", ["a/b", "..", ""])
def test_a_path_for_a_name_is_not_written(tmp_path, name):
    with pytest.raises(ValueError, match="Argument `arrays` must have identifiers, joined by dots, for names"):
        files.save_archive(tmp_path / "x.npz", {name: np.ones(2)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("facts", ["[1]", "{", "1"])
def test_facts_that_are_no_names_and_values_are_refused(tmp_path, facts):
    path = tmp_path / "x.npz"
    path.write_bytes(sealed({"f1.npy": npy(np.ones(2)), files.FACTS: facts}))
    with pytest.raises(DamagedError, match="is no archive of arrays"):
        files.load_archive(path)
