import functools
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import measurement, peers, report, targets, worker
from benchmarks.measurement import Row
from benchmarks.parts import FULL
from benchmarks.peers import support
from benchmarks.work import Work, examples, starts
from benchmarks.worker import Reply, Request

TINY = Work("tiny", 2, 1, 8, 2, "angle")
GRADIENT = {"theta": [[1.0, -2.0]], "bias": [0.0, 0.5]}


def trained(implementation, name, seconds, work=FULL.work, part="seed"):
    request = Request(implementation, work, seeds=2, epochs=10)
    return Row(part, name, Reply(first=1.0, seconds=(seconds,), memory=100.0), request)


def test_examples_and_starts_are_the_same_each_time():
    for made in (examples, lambda work: starts(work, 3).values()):
        for one, other in zip(made(FULL.paths[2]), made(FULL.paths[2]), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_workers_of_ours_and_of_tensorcircuit_agree():
    references = {}
    rows = [
        measurement.measure(references, "paths", name, Request(name, TINY, seeds=2, epochs=2, repetitions=1))
        for name in ("ours", "peers.tensorcircuit_plain")
    ]
    for row in rows:
        assert row.reply.outcome == "measured", row.reply.message
        assert row.reply.first > 0
        assert len(row.reply.seconds) == 1
        assert "jax" in row.reply.versions
    assert list(references) == [TINY]
    assert rows[1].reply.difference <= 1e-5


@pytest.mark.parametrize("wrong", [{"loss": 1.001}, {"gradient": GRADIENT | {"theta": [[1.0, -2.1]]}}])
def test_a_peer_that_disagrees_fails_the_command(wrong, monkeypatch, tmp_path, capsys):
    right = Reply(first=1.0, seconds=(1.0,), memory=100.0, loss=1.0, gradient=GRADIENT)

    def ask(request):
        return right if request.implementation == "ours" else right._replace(**wrong)

    monkeypatch.setattr(measurement, "ask", ask)
    assert command.main(["--only", "paths", "curve", "--out", str(tmp_path)]) == 1
    assert "TensorCircuit (JAX) (mini-batches of 32, seeds: 12): failed, its " in capsys.readouterr().out
    monkeypatch.setattr(measurement, "ask", lambda request: right)
    assert command.main(["--only", "paths", "curve", "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curve.png", "results.json", "table.md"]
    rows = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert {row["reply"]["outcome"] for row in rows} == {"measured"}


@pytest.mark.parametrize(
    ("theirs", "difference"),
    [
        ({"loss": 1.0 + 5e-6}, 5e-6),
        ({"gradient": GRADIENT | {"theta": [[1.0, -2.00001]]}}, 5e-6),
        ({"gradient": GRADIENT | {"theta": [[1.0, -2.0001]]}}, 5e-5),
        ({"gradient": GRADIENT | {"bias": [0.0, 0.50004]}}, 2e-5),
        ({"gradient": GRADIENT | {"theta": [1.0]}}, np.inf),
        ({"gradient": {"theta": [[1.0, -2.0]]}}, np.inf),
        ({"loss": float("nan")}, np.inf),
    ],
)
def test_agreement_is_relative_to_the_largest_entry(theirs, difference):
    ours = Reply(loss=1.0, gradient=GRADIENT)
    reply = measurement.compared(ours._replace(**theirs), ours)
    assert reply.difference == pytest.approx(difference, rel=1e-3)
    assert reply.outcome == ("measured" if difference <= 1e-5 else "failed")


@pytest.mark.parametrize("framework", ["pennylane", "deepquantum"])
def test_a_framework_that_is_not_installed_is_named(framework, monkeypatch):
    name = {"pennylane": "pennylane_jax", "deepquantum": "deepquantum_torch"}[framework]
    monkeypatch.setitem(sys.modules, framework, None)
    monkeypatch.delitem(sys.modules, f"benchmarks.peers.{name}", raising=False)
    reply = worker.answer(Request(f"peers.{name}", TINY))
    assert reply == Reply("skipped", f"{framework} is not installed")
    text = report.part_text("paths", [Row("paths", peers.NAMES[name], reply, Request(f"peers.{name}", TINY))])
    assert text.endswith(f"- {peers.NAMES[name]} (tiny, seeds: 1): skipped, {framework} is not installed\n")


def test_each_peer_is_there_and_one_that_does_not_do_a_work_is_skipped(monkeypatch):
    folder = Path(peers.__file__).parent
    assert all((folder / f"{name}.py").exists() for name in peers.NAMES)
    angles_only = SimpleNamespace(implementation=functools.partial(support.check, encodings=("angle",)))
    monkeypatch.setitem(sys.modules, "benchmarks.peers.angles_only", angles_only)
    reply = worker.answer(Request("peers.angles_only", TINY._replace(encoding="reuploading")))
    assert reply == Reply("skipped", "This peer does the encodings angle, not reuploading.")


def test_a_worker_that_takes_too_long_or_breaks_is_told(monkeypatch):
    monkeypatch.setattr(measurement, "LIMIT", 0.01)
    assert measurement.ask(Request("ours", TINY)) == Reply("over the time limit", "took more than 0.01 s")
    reply = worker.answer(Request("work", TINY))
    assert reply == Reply("failed", "AttributeError: module 'benchmarks.work' has no attribute 'implementation'")


def test_verdicts():
    rows = [
        trained("floor", "floor: a matrix for the circuit", 0.8),
        trained("floor", "floor: a matrix for the circuit", 0.5),
        trained("ours", "jaxqkd", 1.25),
        trained("peers.tensorcircuit_plain", "TensorCircuit (JAX)", 50.0),
        trained("peers.pennylane_jax", "PennyLane default.qubit (JAX)", 62.5),
        Row("compile", "cold", Reply(first=2.0)),
        Row("compile", "from JAX's cache", Reply("failed", "no room")),
    ]
    told = [(target.measured, target.verdict()) for target in targets.targets(rows)]
    assert told == [
        (2.5, "missed by 0.5 x (25%)"),
        (None, "not measured"),
        (50.0, "missed by 25 x (33%)"),
        (40.0, "met"),
        (2.0, "met"),
        (None, "not measured"),
    ]
    assert "".join(report.targets_text(rows).split()).count("|atmost2x|2.5|missedby0.5x(25%)|") == 1


def test_a_table_scales_to_all_examples_and_gives_the_ratio_to_ours():
    few = trained("peers.pennylane_lightning", "lightning", 1.0)
    few = few._replace(request=few.request._replace(stands_for=8))
    last = report.part_text("seed", [trained("ours", "jaxqkd", 0.5), few]).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[-4:-1]] == ["400", "16", "100"]


def test_the_two_simulators_are_shown_with_their_difference():
    ours = trained("ours", "jaxqkd", 0.5, part="simulators")
    peer = trained("peers.tensorcircuit_simulator", "whole", 1.0, part="simulators")
    peer = peer._replace(reply=peer.reply._replace(difference=2e-7))
    assert report.part_text("simulators", [ours, peer]).endswith(
        "- whole (seed epoch, seeds: 2): 2.0e-07 from ours\n"
    )
    assert "from ours" not in report.part_text("seed", [peer._replace(part="seed")])


def test_help():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=measurement.ROOT,
    )
    assert "--only" in done.stdout
