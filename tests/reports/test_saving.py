"""The files of a report: which there are, what they hold, and that they repeat byte for byte."""

import json

import pytest

from jaxqkd import reports
from jaxqkd.reports import Section, Table
from tests.reports.test_plots import study

FILES = ["figure.png", "manifest.json", "report.html", "results.nc", "runs.csv", "table.md"]


@pytest.fixture
def results():
    found = study({"distilled": [0, 1]}, seeds=3)
    return found.assign_attrs(id="abc123", devices="1 cpu", seed_data_sha256="def456")


def test_the_same_results_give_the_same_files(results, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        out = tmp_path / name / "study"
        out.mkdir()
        reports.save(out, results, reports.any_study(results), description={"options": {"epochs": 6}})
    first, second = (
        {path.name: path.read_bytes() for path in tmp_path.glob(f"{at}/study/*")} for at in ("first", "second")
    )
    assert sorted(first) == FILES
    command = str(tmp_path / "first").encode(), str(tmp_path / "second").encode()
    assert {name: content.replace(*command) for name, content in first.items()} == second


def test_sections_give_their_facts_to_the_manifest_and_their_tables_to_the_text(results, tmp_path):
    own = [Section("Own", table=Table(["a"], [["one"]]), facts={"answer": 42})]
    reports.save(tmp_path, results, reports.assemble(results, own, tested=None), description={"base": 7})
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["answer"], manifest["description"], manifest["id"]) == (42, {"base": 7}, "abc123")
    assert (tmp_path / "table.md").read_text().startswith("**Own**\n\n| a |\n| --- |\n| one |\n\n**The runs**\n")
    assert not (tmp_path / "figure.png").exists()
    assert "<td>" not in (tmp_path / "report.html").read_text().split("Own</h2>")[1].split("</section>")[0]


def test_a_report_is_printed_with_the_place_of_its_files(results, tmp_path, capsys):
    (tmp_path / "table.md").touch()
    reports.print_report(tmp_path, results, [Section("Own", "One sentence.")])
    out = capsys.readouterr().out
    assert out.startswith("Own\nOne sentence.\n")
    assert out.endswith(f"Results are in {tmp_path}: table.md\n")
    assert "The runs took 3 s, and the compilation of their programs 7 s" in out
