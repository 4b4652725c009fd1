"""Pairs: the paired comparisons of a score, as a table, as heat maps and in words."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from jaxqkd.reports import plots
from jaxqkd.reports.labels import interval, listed, number, plain, spaced, too_few
from jaxqkd.reports.section import Section, Table
from jaxqkd.statistics import compare

if TYPE_CHECKING:
    import pandas as pd

READ_AS = """\
Every row pairs the scores of the same seeds. p is of Wilcoxon's signed-rank test,
corrected by Holm's method over the whole table. Cliff's delta is how often scores
exceed those of the other side, over all pairs of seeds, minus how often they fall
below. Wins are the seeds that gained, no change counting half. Detectable is the
smallest mean change that so many seeds would have shown with a probability of 0.8."""


class Comparisons(NamedTuple):
    """The paired comparisons of a score.

    Attributes:
        along: The dimension whose values are compared.
        table: What `jaxqkd.statistics.compare` returns: a row for each comparison.
    """

    along: str
    table: "pd.DataFrame"


def comparisons(scores: xr.DataArray, along: str = "student", baseline: Any = None) -> Comparisons | None:
    """Returns the comparisons of a score's values along one dimension; None where it has a single value.

    Args:
        scores: Scores over `seed`, `along` and any other dimensions.
        along: The dimension whose values are compared.
        baseline: The value that all others are compared with; by default each pair of values is compared.

    Raises:
        ValueError: If a dimension or the baseline is missing.
    """
    if scores.sizes.get(along) == 1:
        return None
    return Comparisons(along, compare(scores, along, baseline=baseline))


def comparison_table(tested: Comparisons) -> Section:
    """Returns all comparisons as a table."""
    names = [str(name) for name in tested.table.columns[: tested.table.columns.get_loc("before")]]
    columns = ("change", "its 95 % interval", "corrected p", "Cliff's delta", "wins", "detectable", "verdict")
    rows = [[*(plain(row[name]) for name in names), *_change(row)] for row in tested.table.to_dict("records")]
    headers = [*map(spaced, (*names, tested.along)), *columns]
    return Section("Paired comparisons", READ_AS, table=Table(headers, rows), detail=True)


def comparison_maps(tested: Comparisons, *, down: str) -> Iterator[Section]:
    """Yields heat maps of the comparisons with one baseline, by the dimension `down` and the compared one.

    They are of the mean changes and, if there are enough seeds for a claim, of the corrected p.
    """
    where, start = f"{spaced(down)} and {spaced(tested.along)}", plain(tested.table.before.iloc[0])
    shown = {
        "mean": (f"Gain by {where}", f"The mean gain over {spaced(tested.along)} = {start} of the same seeds."),
        "p": ("Certainty of the gains", "The p of Wilcoxon's signed-rank test, Holm-corrected over all cells."),
    }
    if "too few seeds" in set(tested.table.verdict):
        del shown["p"]
    for quantity, (title, caption) in shown.items():
        yield Section(
            title,
            drawing=plots.comparison_heat_map(tested.table, down=down, across=tested.along, quantity=quantity),
            caption=caption,
            note="A star marks a corrected p below 0.05. What has no star may be chance, however dark its color.",
            detail=True,
        )


def in_words(tested: Comparisons) -> str:
    """Returns what the corrected tests say."""
    table, name = tested.table, spaced(tested.along)
    before, after = (list(dict.fromkeys(table[end])) for end in ("before", "after"))
    pairs = f"{name} {listed(after)} with {plain(before[0])}"
    if len(before) > 1:
        pairs = f"each pair of {name} {listed(list(dict.fromkeys(before + after)))}"
    counts = table.verdict.value_counts()
    if "too few seeds" in counts:
        sentence = f"The seeds are too few for a claim about any of {len(table)} paired comparisons ({pairs})."
        return f"{sentence} {too_few(len(table))}"
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"Of {len(table)} paired comparisons ({pairs}), the corrected tests say: {verdicts}."


def _change(row: Mapping[Any, Any]) -> list[str]:
    p = row["p_corrected"]
    return [
        f"{plain(row['before'])}\u00a0→\u00a0{plain(row['after'])}",
        number(row["mean"], "+.3f"),
        interval(row["low"], row["high"], "+.3f"),
        "< 0.001" if p < 0.001 else number(p),
        number(row["cliffs_delta"], "+.2f"),
        number(row["win_rate"], ".0%"),
        number(row["smallest_effect"]),
        row["verdict"],
    ]
