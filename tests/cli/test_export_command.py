import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import cli, data
from jaxqkd.circuits import hea
from jaxqkd.models import Linear, QuantumStudent
from jaxqkd.quantum.encodings import amplitude, angle
from jaxqkd.saving import save_student

ROWS = np.random.default_rng(0).normal(size=(6, 3))


@pytest.fixture
def saved(tmp_path):
    """A function that saves an untrained student of three columns behind a reduction, and a table of rows."""
    np.savetxt(tmp_path / "rows.csv", ROWS, delimiter=",", header="a,b,c", comments="")

    def save(encoding=angle):
        student = QuantumStudent(hea(qubits=2, layers=1), classes=2, encoding=encoding)
        params = student.init(jax.random.key(0), jnp.zeros((1, 2)))
        reduction = data.fit_reduction(ROWS, features=2)
        where = tmp_path / "model" / "student"
        save_student(where, student, params, reduction=reduction, names=("no", "yes"), columns=("a", "b", "c"))
        return ["export", "--model", str(tmp_path / "model"), "--out", str(tmp_path / "out")]

    return save


@pytest.mark.parametrize("options", [[], ["--format", "qasm2", "--row", "4"]])
def test_the_program_is_checked_and_written_with_its_classical_rest(saved, tmp_path, capsys, options):
    rows = ["--data", str(tmp_path / "rows.csv")] if options else []
    assert cli.main([*saved(), *rows, *options]) == 0
    told = capsys.readouterr().out
    assert "Qiskit gives the student's logits" in told
    assert "| on a heavy-hex lattice |" in told
    program = (tmp_path / "out" / "program.qasm").read_text()
    assert program.startswith("OPENQASM 2.0;" if options else "OPENQASM 3.0;")
    assert ("input float[64] x0;" in program) is not options
    rest = json.loads((tmp_path / "out" / "classical.json").read_text())
    assert (rest["measured"], rest["names"], rest["columns"]) == ([0, 1], ["no", "yes"], ["a", "b", "c"])
    np.testing.assert_allclose(rest["reduction"]["mean"], ROWS.mean(axis=0), rtol=1e-6)


def test_a_program_of_a_row_is_that_of_its_reduced_features(saved, tmp_path):
    assert cli.main([*saved(), "--data", str(tmp_path / "rows.csv"), "--row", "4"]) == 0
    x = data.apply_reduction(data.fit_reduction(ROWS, features=2), jnp.asarray(ROWS[3:4]))[0]
    lines = (tmp_path / "out" / "program.qasm").read_text().splitlines()
    turns = [float(line[3 : line.index(")")]) for line in lines if line.startswith("ry(")][:2]
    np.testing.assert_allclose(turns, x, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "qasm2"], "`x` must be the features of an example for OpenQASM 2"),
        (["--row", "7"], "`row` must be from 1 to 6, but is 7"),
        (["--row", "0"], "`row` must be from 1 to 6, but is 0"),
    ],
)
def test_bad_options_are_told_in_a_line(saved, tmp_path, capsys, options, message):
    rows = ["--data", str(tmp_path / "rows.csv")] if "--row" in options else []
    assert cli.main([*saved(), *rows, *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_amplitudes_need_a_row(saved, capsys):
    assert cli.main(saved(amplitude)) == 2
    assert "Export for one example" in capsys.readouterr().err


def test_a_classical_model_is_refused(tmp_path, capsys):
    model = Linear(classes=2)
    save_student(tmp_path, model, model.init(jax.random.key(0), jnp.zeros((1, 2))))
    assert cli.main(["export", "--model", str(tmp_path)]) == 2
    assert "`model` must hold a quantum student" in capsys.readouterr().err
