import csv
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import xarray as xr

import jaxqkd
from jaxqkd import cli
from jaxqkd.cli import execution
from jaxqkd.experiments import registry
from jaxqkd.experiments.piperno2024 import training
from jaxqkd.studies import runner
from tests import small

SMALL = ["--seeds", "2", "--epochs", "3", "--students", "linear", "q2", "--readings", "logits"]
COLUMNS = (
    "student,reading,distilled,seed,accuracy,best_epoch,diverged,diverged_epoch,epochs,f1_macro,f1_weighted,"
    "majority_f1_macro,majority_f1_weighted,teacher_f1"
)
FILES = [
    "blocks",
    "figure.png",
    "manifest.json",
    "report.html",
    "results.nc",
    "runs.csv",
    "study.json",
    "table.md",
]


@pytest.fixture(autouse=True)
def _keep_devices(monkeypatch):
    monkeypatch.setattr(execution, "use_all_cores", lambda: None)
    monkeypatch.setattr(execution, "use_compile_cache", lambda directory=None: None)


def test_reproduce_ends_with_table_and_files_and_repeats_byte_for_byte(tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["reproduce", *SMALL, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert "Reading: logits" in text
    assert "Verdict, by the first line that holds" in text
    assert "0 of 8 runs diverged" in text
    first = (out / "runs.csv").read_bytes()
    shutil.rmtree(out)
    assert cli.main(["reproduce", *SMALL, "--out", str(out)]) == 0
    assert (out / "runs.csv").read_bytes() == first


@pytest.mark.slow
def test_a_second_call_only_presents_and_report_does_the_same(tmp_path, capsys, monkeypatch):
    assert cli.main(["reproduce", *SMALL, "--out", str(tmp_path)]) == 0
    first = capsys.readouterr().out
    (tmp_path / "runs.csv").rename(tmp_path / "earlier.csv")
    monkeypatch.setattr(runner, "compute", None)
    again = ["reproduce", *SMALL, "--out", str(tmp_path)], ["report", str(tmp_path)]
    for arguments in (*again, ["report", str(tmp_path), "--so-far"]):
        assert cli.main(arguments) == 0
        assert capsys.readouterr().out.split("Results are in")[0] == first.split("Results are in")[0]
        assert (tmp_path / "runs.csv").read_bytes() == (tmp_path / "earlier.csv").read_bytes()
    (tmp_path / "blocks" / "00001.npz").unlink()
    assert cli.main(["report", str(tmp_path), "--so-far"]) == 1
    assert "No seed is complete in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "must hold the study of an experiment, bounded_logits, .*, but is of the study 'small'"),
        ({"name": "payoff", "version": 2}, "must hold version 1 of payoff, but is of version 2"),
    ],
)
@pytest.mark.slow
def test_the_report_of_a_study_that_is_no_experiment_is_refused(tmp_path, capsys, changes, told):
    runner.run(dataclasses.replace(small.study(seeds=1), **changes), tmp_path)
    assert cli.main(["report", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert re.search(told, error)
    assert error.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


def test_shares_leave_the_tables_to_the_call_that_completes_them(tmp_path, capsys):
    command = ["reproduce", *SMALL, "--out", str(tmp_path)]
    assert cli.main([*command, "--worker", "2/2"]) == 0
    assert "This share is done; 1 of 2 blocks are kept" in capsys.readouterr().out
    assert not (tmp_path / "runs.csv").exists()
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "1 of 2 are missing or damaged" in capsys.readouterr().err
    assert cli.main(command) == 0
    assert (tmp_path / "runs.csv").exists()


@pytest.mark.parametrize(
    ("worker", "variables", "share"),
    [
        ("auto", {}, None),
        ("all", {"SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_ID": "1"}, None),
        ("2/3", {}, (1, 3)),
        ("auto", {"SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1"}, (2, 3)),
        (
            "auto",
            {"SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_STEP": "2"},
            (2, 3),
        ),
    ],
)
def test_shares_come_from_the_option_or_from_slurm(monkeypatch, worker, variables, share):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert execution._share(worker) == share


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"COUNT": "three"},
            "`SLURM_ARRAY_TASK_COUNT` must be a whole number from 1 on, but is 'three'. Pass",
        ),
        ({"COUNT": "3", "STEP": "0"}, "`SLURM_ARRAY_TASK_STEP` must be a whole number from 1 on, but is '0'"),
        ({"COUNT": "3", "ID": "-1"}, "`SLURM_ARRAY_TASK_ID` must be a whole number from 0 on, but is '-1'"),
        (
            {"COUNT": "3", "ID": "7"},
            "must lie in the array, from 0 on in 3 steps of 1, but is 7",
        ),
    ],
)
def test_bad_variables_of_slurm_are_refused(monkeypatch, variables, told):
    for name, value in variables.items():
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", value)
    with pytest.raises(ValueError, match=re.escape(told)):
        execution._share("auto")


@pytest.mark.parametrize("worker", ["0/3", "4/3", "half", "1/0"])
def test_bad_shares_are_refused(tmp_path, capsys, worker):
    assert cli.main(["reproduce", *SMALL, "--out", str(tmp_path), "--worker", worker]) == 2
    assert "`worker` must be" in capsys.readouterr().err


@pytest.mark.slow
def test_runs_csv_has_one_row_a_run_and_agrees_with_the_dataset(tmp_path):
    assert cli.main(["reproduce", *SMALL, "--out", str(tmp_path)]) == 0
    with (tmp_path / "runs.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert ",".join(rows[0]) == COLUMNS
    assert len(rows) == 2 * 1 * 2 * 2
    with xr.open_dataset(tmp_path / "results.nc") as results:
        for row in rows:
            at = {"student": row["student"], "reading": row["reading"]}
            cell = results.sel(at).sel(distilled=int(row["distilled"]), seed=int(row["seed"]))
            assert float(row["f1_macro"]) == pytest.approx(float(cell.f1_macro), rel=1e-6)
            assert int(row["epochs"]) == cell.epochs == 3


def test_list_names_every_experiment_with_its_title_and_cost(capsys):
    assert cli.main(["list"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for experiment in map(registry.find, registry.names()):
        assert f"{experiment.name} (version {experiment.version}) {experiment.title}" in text
        assert experiment.cost in text


def test_list_loads_nothing_that_draws():
    heavy = ("matplotlib", "xarray", "pandas", "sklearn", "tensorcircuit", "scipy.stats")
    script = f"import sys; from jaxqkd.cli import main; main(['list']); assert not {{*{heavy}}} & {{*sys.modules}}"
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)


@pytest.mark.slow
def test_run_ends_with_table_and_files(tmp_path, capsys):
    options = ["--seeds", "2", "--epochs", "2", "--students", "linear", "--out", str(tmp_path)]
    assert cli.main(["run", "payoff", *options]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert "over 36 comparisons" in capsys.readouterr().out
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 3 * 2 * 3 * 3 * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--students", "q6"], "`student` must be one of"),
        (["--students", "hea", "hea"], "`students` must hold each value once"),
        (["--readings", "hopeful"], "`readings` must be one of"),
        (["--seeds", "0"], "`seeds` must be at least 1, but is 0"),
        (["--seeds", "-3"], "`seeds` must be at least 1, but is -3"),
        (["--epochs", "0"], "`epochs` must be at least 1, but is 0"),
        (["--seeds", "1.5"], "Argument `seeds` must be an integer, but is '1.5'. See jaxqkd reproduce --help."),
        (["--seeds", "1" + "0" * 12], "`seeds` must be at most 10000000, but is 1000000000000."),
        (["--epochs", "1" + "0" * 400], "`epochs` must be at most 1000000000, but is about 10^400."),
        (["--seed", str(2**32)], "`seed` must be at most 4294967295"),
        (["--save", "hea", "hea"], "`save` must hold each value once"),
        (["--compile-cache", ""], "`compile_cache` must be auto, off or a directory, but is empty."),
        (["--seedz", "3"], "--seedz"),
        (["--seed", "-1"], "`seed` must be at least 0, but is -1"),
        (["--save", "q7"], "`save` must be one of 'linear', 'hea'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(tmp_path, capsys, arguments, told):
    out = tmp_path / "out"
    assert cli.main(["reproduce", *arguments, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["reprod"],
            "There is no command 'reprod'. Did you mean 'reproduce'? `jaxqkd --help` lists",
        ),
        (["--seeds"], "There is no command '--seeds'. `jaxqkd --help` lists the commands."),
        (["run"], "Missing from jaxqkd run: NAME"),
        (
            ["run", "payof"],
            "`experiment` must be one of 'bounded_logits', ",
        ),
        (["run", "payoff", "--seedz", "3"], "Unrecognized options: --seedz, 3. Did you mean --seed"),
    ],
)
def test_a_missing_or_unknown_command_is_one_line_and_exit_code_two(capsys, arguments, told):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("jaxqkd: ")
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_a_bare_command_prints_a_short_help(capsys, arguments, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("list", "run", "reproduce", "distil", "predict", "export", "report"):
        assert any(line.startswith(f"  {name} ") for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_version_is_printed(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"{jaxqkd.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["reprod"], "jaxqkd: There is no command 'reprod'. Did you mean 'reproduce'?"),
        (["reproduce", "--seedz", "3"], "jaxqkd: Unrecognized options: --seedz, 3. Did you mean --seed"),
        (
            ["distil", "--data"],
            "jaxqkd: Missing value for argument '--data'. Expected 1 values. See jaxqkd",
        ),
    ],
)
def test_a_terminal_shows_the_same_line_as_a_pipe(arguments, told):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jaxqkd", *arguments]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    done = subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, check=False)
    os.close(theirs)
    shown = os.read(ours, 10000).decode()
    os.close(ours)
    assert done.returncode == 2
    assert shown.startswith(told)
    assert shown.count("\n") == 1
    assert "\x1b" not in shown


def test_a_foreign_directory_is_refused(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert cli.main(["reproduce", *SMALL, "--out", str(tmp_path)]) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_place_that_cannot_be_written_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["reproduce", *SMALL, "--out", str(tmp_path / "file" / "out")]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.slow
def test_all_runs_diverged_is_exit_code_one(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "LEARNING_RATE", float("inf"))
    assert cli.main(["reproduce", *SMALL, "--seed", "7", "--out", str(tmp_path)]) == 1
    assert "EVERY ONE of the 8 runs diverged" in capsys.readouterr().out


def test_ctrl_c_is_exit_code_130(tmp_path, capsys, monkeypatch):
    def interrupt(study, block):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "compute", interrupt)
    assert cli.main(["reproduce", *SMALL, "--out", str(tmp_path)]) == 130
    assert "interrupted; 0 of 2 blocks are kept" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["reproduce", "--help"], ["run", "payoff", "--help"]])
def test_help_explains(arguments):
    found = subprocess.run(
        [sys.executable, "-m", "jaxqkd", *arguments], capture_output=True, text=True, check=True
    )
    assert "distil" in found.stdout


@pytest.mark.slow
def test_the_command_uses_one_device_a_core(tmp_path):
    command = [sys.executable, "-m", "jaxqkd", "reproduce", *SMALL, "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["devices"] == f"{max(2, len(os.sched_getaffinity(0)))} cpu"
