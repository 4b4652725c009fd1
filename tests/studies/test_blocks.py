"""Block files: they come back as they were, and nothing else comes back."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from jaxqkd.studies import blocks
from jaxqkd.studies.blocks import DamagedError, Result

VALUES = {"f1": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3), "diverged": np.array([True, False])}
RESULT = Result(VALUES, {"study": "abc", "seconds": 1.5})


@pytest.fixture
def path(tmp_path):
    blocks.save(tmp_path / "00000.npz", RESULT)
    return tmp_path / "00000.npz"


def test_a_block_comes_back_as_it_was_and_numpy_opens_it(path):
    found = blocks.load(path, "abc")
    assert found.facts == RESULT.facts
    assert found.values.keys() == VALUES.keys()
    for name, values in VALUES.items():
        np.testing.assert_array_equal(found.values[name], values)
        assert found.values[name].dtype == values.dtype
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["f1"], VALUES["f1"])


def test_the_same_content_gives_the_same_bytes(path, tmp_path):
    blocks.save(tmp_path / "again.npz", RESULT)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_every_flipped_bit_is_detected(path, record_property):
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    places = [(byte, rng.integers(8)) for byte in range(len(content))]
    for byte, bit in places:
        content[byte] ^= 1 << bit
        path.write_bytes(content)
        assert not blocks.is_whole(path, "abc"), (byte, bit)
        content[byte] ^= 1 << bit
    path.write_bytes(content)
    assert blocks.is_whole(path, "abc")
    record_property("faults", f"{len(places)} bits of a block flipped, {len(places)} detected")


def test_every_truncation_is_detected(path, record_property):
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert not blocks.is_whole(path, "abc"), length
    record_property("faults", f"a block cut at {len(content)} lengths, {len(content)} detected")


def test_a_missing_block_and_one_of_another_study_are_not_there(path):
    assert not blocks.is_whole(path.with_name("00001.npz"), "abc")
    with pytest.raises(DamagedError, match="another study"):
        blocks.load(path, "abd")


def sealed(entries, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.comment = b"0" * blocks.DIGEST_LENGTH
    return blocks._sealed(stream.getvalue())


class Evil:
    def __reduce__(self):
        return print, ("a pickle was opened",)


def test_a_pickle_is_refused_unopened(tmp_path, capsys):
    stream = io.BytesIO()
    np.save(stream, np.array([Evil()], object), allow_pickle=True)
    path = tmp_path / "evil.npz"
    for content in (stream.getvalue(), pickle.dumps(Evil())):
        path.write_bytes(sealed({"f1.npy": content, blocks.FACTS: '{"study": "abc"}'}))
        with pytest.raises(DamagedError, match="is no block"):
            blocks.load(path, "abc")
    assert capsys.readouterr().out == ""


def test_a_zip_bomb_is_refused_unpacked(tmp_path):
    bomb = {"f1.npy": bytes(10**7), blocks.FACTS: '{"study": "abc"}'}
    path = tmp_path / "bomb.npz"
    path.write_bytes(sealed(bomb, zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 10**5
    with pytest.raises(DamagedError, match="more than its own size"):
        blocks.load(path, "abc")


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.npz"
    with path.open("wb") as stream:
        stream.truncate(blocks.MOST_BYTES + 1)
    with pytest.raises(DamagedError, match="larger than a block may be"):
        blocks.load(path, "abc")


def test_a_path_for_a_name_is_refused(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.ones(2))
    path = tmp_path / "x.npz"
    path.write_bytes(sealed({"../../escaped.npy": stream.getvalue(), blocks.FACTS: '{"study": "abc"}'}))
    with pytest.raises(DamagedError, match="names that no block has"):
        blocks.load(path, "abc")
    assert [entry.name for entry in tmp_path.rglob("*")] == ["x.npz"]
