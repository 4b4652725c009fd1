"""Targets: what the measurements are held against, and by how much they miss it."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.measurement import Row
from benchmarks.parts import CACHED, COLD, FLOOR, FULL, OURS, STUDIES
from benchmarks.peers import NAMES

Best = dict[tuple[str, str], Row]
"""Rows by the names of their work and their implementation."""


class Target(NamedTuple):
    """One target and what came out.

    Attributes:
        text: The target in words.
        limit: The number to keep to.
        unit: "s" for seconds, "x" for a ratio.
        at_least: Whether the limit is the least, not the most.
        measured: What came out, or None where it was not measured.
    """

    text: str
    limit: float
    unit: str
    at_least: bool
    measured: float | None

    def verdict(self) -> str:
        """Returns "met", "missed by ..." or "not measured"."""
        if self.measured is None:
            return "not measured"
        lacking = self.limit - self.measured if self.at_least else self.measured - self.limit
        return "met" if lacking <= 0 else f"missed by {number(lacking)} {self.unit} ({lacking / self.limit:.0%})"


def targets(rows: Sequence[Row]) -> Iterator[Target]:
    """Yields the targets of the parts that the rows are from."""
    best = fastest([row for row in rows if row.part in ("seed", "paths", "noise")])
    found = {row.part for row in rows}
    plain, torch = NAMES["tensorcircuit_plain"], NAMES["pennylane_torch"]
    if "seed" in found:
        work = FULL.work.name
        peers = [row for _, row in best.items() if row.part == "seed" and "TensorCircuit" not in row.name]
        others = [row for row in peers if row.name not in (OURS, FLOOR)]
        nearest = min(others, key=milliseconds).name if others else ""
        yield Target("jaxqkd, of the floor", 2, "x", False, ratio(best, work, OURS, FLOOR))
        yield Target(f"{torch}, of jaxqkd", 250, "x", True, ratio(best, work, torch))
        text = "the fastest peer that is not TensorCircuit, of jaxqkd"
        yield Target(text, 75, "x", True, ratio(best, work, nearest))
        yield Target(f"{plain}, of jaxqkd", 40, "x", True, ratio(best, work, plain))
    if "paths" in found:
        for work in FULL.paths:
            yield Target(f"{work.name}: {plain}, of jaxqkd", 10, "x", True, ratio(best, work.name, plain))
    if "imported" in found:
        own = fastest([row for row in rows if row.part == "imported"])
        here = NAMES["pennylane_imported"]
        for work in dict.fromkeys(at for at, name in own if name == here):
            others = [name for at, name in own if at == work and name != here]
            nearest = min(others, key=lambda name, work=work: milliseconds(own[work, name]), default="")
            text = f"{work}: the fastest at home in PennyLane, of the same student here"
            yield Target(text, 10, "x", True, ratio(own, work, nearest, here))
    if "noise" in found:
        for work in FULL.noisy:
            by_pair = work.noise == "pairs"
            slow = next((name for at, name in best if at == work.name and name != OURS), "")
            if not by_pair:
                text = f"{work.name}: density matrices, of jaxqkd"
                yield Target(text, 50, "x", True, ratio(best, work.name, slow))
            both = [milliseconds(best[at, OURS]) for at in (work.name, FULL.work.name) if (at, OURS) in best]
            ours = both[0] / both[1] if len(both) == 2 else None
            yield Target(f"{work.name}: jaxqkd, of jaxqkd without noise", 12 if by_pair else 10, "x", False, ours)
    seconds = {row.name: row.reply.first for row in rows if row.part in ("compile", "study")}
    if "compile" in found:
        yield Target("compilation of a student, cold", 3, "s", False, seconds.get(COLD))
        yield Target("compilation of a student, from JAX's cache", 0.5, "s", False, seconds.get(CACHED))
    if "study" in found:
        for name, limit in zip(STUDIES, (90, 240), strict=True):
            yield Target(f"jaxqkd {name}", limit, "s", False, seconds.get(name))


def fastest(rows: Sequence[Row]) -> Best:
    """Returns the measured rows, of each work and implementation the fastest."""
    best: Best = {}
    for row in rows:
        at = row.request.work.name if row.request else "", row.name
        if row.reply.outcome == "measured":
            best[at] = min(best.get(at, row), row, key=milliseconds)
    return best


def milliseconds(row: Row) -> float:
    """Returns the median milliseconds of one epoch of one seed; NaN where there was no training."""
    if not row.reply.seconds:
        return float("nan")
    request = row.request
    return 1000 * median(row.reply.seconds) * request.stands_for / request.seeds / request.epochs


def ratio(best: Best, work: str, one: str, other: str = OURS) -> float | None:
    """Returns how many times longer the one takes than the other, or None where either was not measured."""
    if (work, one) not in best or (work, other) not in best:
        return None
    return milliseconds(best[work, one]) / milliseconds(best[work, other])


def number(value: float | None) -> str:
    """Returns three digits of a number, and all before the point; nothing for none."""
    if value is None or value != value:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
