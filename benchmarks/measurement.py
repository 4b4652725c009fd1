"""Measurements: a request to a fresh process, and the comparison of a peer's loss and gradient with ours."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.work import Work
from benchmarks.worker import Reply, Request

LIMIT = 900
"""Seconds that a worker may take, from its start to its reply."""

STUDY_LIMIT = 3600
"""Seconds that a whole study may take."""

TOLERANCE = 1e-5
"""The largest difference from our loss, and from our gradient relative to its largest entry.

Of the whole gradient, not of each array: the entries of the head's kernel sum the same terms as its bias's,
weighted by expectation values that get small with many qubits, and single precision knows them as well as it
knows the terms. At 14 qubits they were 25 times smaller, and one peer's kernel was off by 9e-5 of its own size,
jaxqkd's by 4e-6.
"""

ROOT = Path(__file__).parents[1]


class Row(NamedTuple):
    """One measurement of a part.

    Attributes:
        part: The part.
        name: What the report calls the implementation, or the command.
        reply: What came out.
        request: What the worker was asked, or None for a command.
    """

    part: str
    name: str
    reply: Reply
    request: Request | None = None


def measure(references: dict[Work, Reply], part: str, name: str, request: Request) -> Row:
    """Returns the measurement; a peer's counts only if it agrees with ours.

    Args:
        references: Our replies by work, to which this adds.
        part: The part.
        name: The name of the row.
        request: The request.
    """
    reply = ask(request)
    is_peer = request.implementation.startswith("peers.")
    if request.implementation == "ours" and reply.gradient is not None:
        references[request.work] = reply
    if is_peer and reply.gradient is not None:
        if request.work not in references:
            references[request.work] = ask(Request("ours", request.work, repetitions=0))
        reply = compared(reply, references[request.work])
    return Row(part, name, reply, request)


def compared(theirs: Reply, ours: Reply) -> Reply:
    """Returns their reply with its difference from ours, or one that has failed where that is too large."""
    if ours.gradient is None:
        return Reply("failed", "there is no gradient of ours to compare with")
    largest = max(float(np.abs(np.asarray(values)).max()) for values in ours.gradient.values())
    differences = {
        name: _difference(values, theirs.gradient.get(name), largest) for name, values in ours.gradient.items()
    }
    differences["loss"] = _difference(ours.loss, theirs.loss, abs(ours.loss))
    worst = max(differences, key=differences.__getitem__)
    if differences[worst] <= TOLERANCE:
        return theirs._replace(difference=differences[worst])
    where = "loss" if worst == "loss" else f"gradient of {worst}"
    message = f"its {where} differs from that of jaxqkd by {differences[worst]:.1e} of the largest entry"
    return Reply("failed", message, difference=differences[worst], versions=theirs.versions)


def ask(request: Request) -> Reply:
    """Returns the reply of a fresh worker."""
    told = json.dumps(request._asdict() | {"work": request.work._asdict()})
    done = _ended([sys.executable, "-m", "benchmarks.worker"], LIMIT, told)
    if isinstance(done, Reply):
        return done
    return Reply(**json.loads(done.splitlines()[-1]))


def stopwatch(part: str, name: str, arguments: Sequence[str]) -> Row:
    """Returns the wall-clock seconds of a command of jaxqkd, whose results are thrown away."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "jaxqkd", *arguments, "--out", f"{directory}/out"]
        begin = time.perf_counter()
        done = _ended(command, STUDY_LIMIT)
        seconds = time.perf_counter() - begin
    return Row(part, name, done if isinstance(done, Reply) else Reply(first=seconds))


def _ended(command: Sequence[str], limit: float, told: str = "") -> str | Reply:
    """Returns what the command printed, or a reply that says why it did not end well."""
    try:
        done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=limit, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return Reply("over the time limit", f"took more than {limit} s")
    if done.returncode == 0:
        return done.stdout
    last = (done.stderr.strip() or "without a word").splitlines()[-1]
    return Reply("failed", f"exit code {done.returncode}: {last}")


def _difference(ours: object, theirs: object, scale: float) -> float:
    """Returns the largest difference relative to the scale; infinite where shapes differ or NaN is."""
    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    if a.shape != b.shape or not np.isfinite(a).all() or not np.isfinite(b).all():
        return float("inf")
    return float(np.abs(a - b).max() / (scale or 1.0))
