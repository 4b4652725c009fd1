"""A student of one's own data on a named device."""

import json

import jax
import numpy as np
import pytest

import jaxqkd as jq
from jaxqkd import cli, reports, studies
from jaxqkd.cli import execution
from jaxqkd.experiments import own_data
from jaxqkd.experiments.own_data import placement, presentation, setup
from jaxqkd.experiments.own_data import saving as own_saving
from jaxqkd.models.wrappers import Frozen
from tests.experiments.test_own_data import SMALL, choice, table, wine

UNIVERSAL = {"ansatz": "universal"}


def test_without_a_device_a_study_is_what_it_was():
    study = own_data.study(table(), choice(), classes=2, seeds=1, epochs=1)
    assert "device" not in study.options
    assert placement.placed({"linear": None}, None) == {"linear": None}


def test_the_student_and_its_controls_are_on_the_same_qubits_under_the_same_noise():
    models = setup.students(choice(**UNIVERSAL), 2, 2)
    device = placement.calibration("fez")
    found = placement.placed(models, device)
    assert set(device) == {"name", "date"}
    assert found["linear"] is models["linear"]
    student, frozen, free = found["universal"], found["frozen"], found["no entanglers"]
    assert isinstance(frozen, Frozen)
    assert frozen.model.circuit == student.circuit
    assert student.circuit.shape == models["universal"].circuit.shape
    assert {gate.name for gate in student.circuit.gates} == {"rz", "sx", "cz"}
    assert {gate.name for gate in free.circuit.gates} == {"rz", "sx"}
    np.testing.assert_array_equal(free.noise.confusion, student.noise.confusion)
    assert placement.saved(student).noise is None


def test_a_calibration_of_another_date_is_refused():
    models = setup.students(choice(**UNIVERSAL), 2, 2)
    with pytest.raises(ValueError, match="`device` must have the calibration of 1999"):
        placement.placed(models, {"name": "fez", "date": "1999"})


def test_an_unknown_device_is_refused_before_anything_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(execution, "use_all_cores", lambda: None)
    wine().to_csv(tmp_path / "wine.csv", index=False)
    command = ["distil", "--data", str(tmp_path / "wine.csv"), *SMALL, "--out", str(tmp_path / "out")]
    assert cli.main([*command, "--device", "fizz", "--compile-cache", "off"]) == 2
    assert "`device` must be one of" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_command_trains_on_a_device_and_names_its_calibration(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(execution, "use_all_cores", lambda: None)
    monkeypatch.setattr(execution, "use_compile_cache", lambda directory=None: None)
    monkeypatch.setattr(reports.saving, "page", lambda *report, **more: "drawn elsewhere, since it takes its time")

    def some_students(*sizes):
        return {name: model for name, model in setup.students(*sizes).items() if name in ("universal", "linear")}

    monkeypatch.setattr(own_data.training, "students", some_students)
    monkeypatch.setattr(own_saving, "students", some_students)
    wine().to_csv(tmp_path / "wine.csv", index=False)
    command = ["distil", "--data", str(tmp_path / "wine.csv"), *SMALL, "--student", "universal"]
    assert cli.main([*command, "--device", "fez", "--out", str(tmp_path / "out")]) == 0
    date = placement.calibration("fez")["date"]
    printed = " ".join(capsys.readouterr().out.split())
    assert f"the best qubits of fez, under the noise of its calibration of {date}" in printed
    results = studies.load(tmp_path / "out")
    assert json.loads(results.attrs["options"])["device"] == {"name": "fez", "date": date}
    assert any("calibration" in section.text for section in presentation.report(results))
    kept = jq.load_student(tmp_path / "out" / "student")
    assert kept.facts["device"] == {"name": "fez", "date": date}

    assert jax.tree.leaves(kept.params)
