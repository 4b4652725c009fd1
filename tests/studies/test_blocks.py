"""Block files: they come back as they were, and nothing else comes back."""

import chex
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
    chex.assert_trees_all_equal(found.values, VALUES, strict=True)
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["f1"], VALUES["f1"])


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
