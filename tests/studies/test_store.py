"""Files that are whole or not there."""

import json

import pytest

from jaxqkd.files import save_json, save_rows, save_text
from jaxqkd.studies import store


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "note"
    save_text(path, "old")

    def interrupted(number):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(store.os, "fsync", interrupted)
    with pytest.raises(OSError, match=r"\[Errno 5\] Input/output error: .*note"):
        save_text(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["note"]


def test_rows_are_csv_with_numbers_in_full(tmp_path):
    save_rows(tmp_path / "runs.csv", ("a", "b"), [(1, 0.1), ("x, y", 1 / 3)])
    assert (tmp_path / "runs.csv").read_text() == 'a,b\n1,0.1\n"x, y",0.3333333333333333\n'


def test_json_has_no_nan(tmp_path):
    save_json(tmp_path / "x.json", {"interval": (float("nan"), 1.0)})
    assert json.loads((tmp_path / "x.json").read_text()) == {"interval": [None, 1.0]}
    assert "NaN" not in (tmp_path / "x.json").read_text()


def test_versions_name_what_decides_the_bits():
    assert store.versions().keys() == {"python", *store.PACKAGES}
