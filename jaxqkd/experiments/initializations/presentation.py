"""The study as it is shown: distributions, failures and needed seeds, or the components of variance."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.experiments.claims import PUBLISHED_SEEDS
from jaxqkd.experiments.initializations.analysis import Needed, Split, needed, split
from jaxqkd.experiments.initializations.setup import RULE
from jaxqkd.reports import Section, Table, plots
from jaxqkd.reports.labels import number, parts
from jaxqkd.statistics import Share, predicted_mean

SUMMARY = ("student", "reading", "distilled", "mean", "standard deviation", "median", "lowest 5 %", "failed")
NEEDED = (
    "student",
    "reading",
    "published",
    "seeds: variances",
    "seeds: spread",
    "measured",
    "seeds",
    "power of 12",
)
SPLIT = ("student", "reading", "teacher", "standard deviation", "share", "verdict")

MARGIN = 0.05
"""A training has failed if it does not score so much more than always answering the commonest class."""

READ_NEEDED = f"""\
Published is the change of mean F1 that the paper reports, with minus without
distillation. The seeds are those with which a paired t test at 0.05 / 8 finds it
with probability 0.8: for the published variances, as if the scores were not
paired, and for the spread of the paired changes measured here. Measured is the
change here, its 95 % interval, and the p corrected by Holm's method over the
table; where p < 0.05, the seeds that it needs, and how often {PUBLISHED_SEEDS} seeds drawn from
those here find it."""

READ_SPLIT = """\
Shares of the variance of F1 over all combinations of draws of data, teachers and
initializations, with 95 % intervals: without a teacher, of the initialization and
its interaction with the data; with teachers, of the teacher and its interactions.
Full-batch training has no order of batches, so that none adds to the variance.
The interaction of all factors holds what is left."""


def report(results: xr.Dataset) -> list[Section]:
    """Returns the report of the design that the results are of."""
    return _crossed(results) if "draw" in results.dims else _of_seeds(results)


def _of_seeds(results: xr.Dataset) -> list[Section]:
    scores, seeds = results.f1_weighted, results.sizes["seed"]
    rows = needed(scores)
    return [
        Section(
            "The distribution of the scores",
            drawing=plots.distributions(scores, lines="distilled"),
            caption=f"The share of {seeds} seeds with an F1 of at most x, without and with distillation.",
            facts={"needed": [row._asdict() for row in rows]},
        ),
        Section("Scores and failures", table=_summaries(results)),
        Section("How many seeds a comparison needs", READ_NEEDED, table=Table(NEEDED, list(map(_cells, rows)))),
        Section("The rules", listing=RULE),
        Section("What came out", f"{_said(rows, seeds)}\n\n{wording.teachers(results)}", answer=True),
    ]


def _crossed(results: xr.Dataset) -> list[Section]:
    rows = split(results.f1_weighted)
    sizes = " x ".join(f"{results.sizes[name]} {word}" for name, word in _words(results))
    sections = [
        Section(
            f"Components of variance, {'with' if taught else 'without'} a teacher",
            drawing=plots.stacked_shares(_shares(own), name="share of the variance of F1"),
            caption=f"What each factor adds to the variance of F1, in {sizes}.",
            table=Table(SPLIT, list(map(_parts, own))),
            facts={f"split_{'with' if taught else 'without'}": list(map(_facts, own))},
        )
        for taught in (False, True)
        if (own := [row for row in rows if row.taught == taught])
    ]
    return [
        *sections,
        Section("How to read the tables", READ_SPLIT, listing=RULE),
        Section("The teachers", wording.teachers(results)),
    ]


def _words(results: xr.Dataset) -> list[tuple[str, str]]:
    words = {"draw": "draws of data", "teacher": "teachers and none", "seed": "initializations", "order": "orders"}
    return [(name, word) for name, word in words.items() if name in results.dims]


def _summaries(results: xr.Dataset) -> Table:
    """Returns a row for each student, reading and distillation; Student's intervals, as the seeds are many."""
    names = ["student", "reading", "distilled"]
    shown = results[["f1_weighted", "majority_f1_weighted"]]
    return Table(
        SUMMARY, [_summary(part, [str(part[name].values) for name in names]) for _, part in parts(shown, names)]
    )


def _summary(part: xr.Dataset, place: list[str]) -> list[str]:
    scores = part.f1_weighted.values
    low, high = predicted_mean(scores, count=None)
    failed = ~np.isfinite(scores) | (scores < part.majority_f1_weighted.values + MARGIN)
    return [
        *place,
        f"{number(scores.mean())}\n[{number(low)},\n{number(high)}]",
        number(scores.std(ddof=1) if len(scores) > 1 else np.nan),
        number(np.median(scores)),
        number(np.quantile(scores, 0.05)),
        number(failed.mean(), ".2%"),
    ]


def _cells(row: Needed) -> list[str]:
    change = row.change
    return [
        row.student,
        row.reading,
        f"{row.published:+.3f}",
        _count(row.by_published),
        _count(row.by_spread),
        f"{change.mean:+.4f}\n[{change.low:+.4f},\n{change.high:+.4f}]\np {row.p_corrected:.3f}",
        _count(row.by_measured),
        number(row.power, ".0%"),
    ]


def _count(seeds: float) -> str:
    return f"{int(seeds):,}" if math.isfinite(seeds) else "–"


def _said(rows: Sequence[Needed], seeds: int) -> str:
    enough = sum(row.by_published <= PUBLISHED_SEEDS for row in rows) // max(len({row.reading for row in rows}), 1)
    shown = sum(math.isfinite(row.by_measured) for row in rows)
    students = len({row.student for row in rows})
    return (
        f"By the published variances, {PUBLISHED_SEEDS} seeds are enough for {enough} of {students} published "
        f"changes. From {seeds} seeds, a change is shown in {shown} of {len(rows)} rows."
    )


def _shares(rows: Sequence[Split]) -> dict[str, dict[str, float]]:
    return {
        f"{row.student}, {row.reading}": {
            " x ".join(effect): row.components.share([effect]).share for effect in row.components.effects
        }
        for row in rows
    }


def _parts(row: Split) -> list[str]:
    return [
        row.student,
        row.reading,
        "with" if row.taught else "none",
        number(row.deviation),
        _share(row.share),
        row.verdict,
    ]


def _share(share: Share) -> str:
    return f"{number(share.share, '.0%')}\n[{number(share.low, '.0%')},\n{number(share.high, '.0%')}]"


def _facts(row: Split) -> dict[str, object]:
    """Returns what the manifest holds of a row: all but the draws."""
    found = row.components
    effects = [" x ".join(effect) for effect in found.effects]
    intervals = {
        effect: (float(variance), float(low), float(high))
        for effect, variance, low, high in zip(effects, found.variances, found.low, found.high, strict=True)
    }
    return row._asdict() | {"components": intervals, "share": row.share._asdict()}
