"""Shares: what each component adds to the variance of a score, as stacked bars."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.reports.plots.panels import COLORS, canvas, clear
from jaxqkd.reports.section import Drawing

HATCHES = ("", "//", "..", "xx", "\\\\", "--", "oo", "++")


def stacked_shares(shares: Mapping[str, Mapping[str, float]], *, name: str) -> Drawing:
    """Returns a bar for each row, stacked from its parts; a row with a part that is not finite has no bar.

    Args:
        shares: By row, the size of each part by its name; the rows have the same parts.
        name: What the sizes are, for the axis.

    Raises:
        ValueError: If there is no row, or their parts differ.
    """
    checks.require(len(shares) > 0, "shares", "hold at least one row", "empty")
    names = list(next(iter(shares.values())))
    same = all(list(parts) == names for parts in shares.values())
    checks.require(same, "shares", "have the same parts in every row", "not")
    figure = canvas(1.2 + 0.28 * len(shares))
    panel = figure.subplots()
    left = np.zeros(len(shares))
    for at, part in enumerate(names):
        sizes = np.nan_to_num(np.asarray([parts[part] for parts in shares.values()], float))
        look: dict[str, Any] = {
            "color": COLORS[at % len(COLORS)],
            "hatch": HATCHES[at % len(HATCHES)],
            "edgecolor": "white",
        }
        panel.barh(range(len(shares)), sizes, left=left, label=part, **look)
        left += sizes
    panel.set_yticks(range(len(shares)), list(shares), fontsize=8)
    panel.invert_yaxis()
    panel.set_xlabel(name, fontsize=9)
    clear(panel, "x")
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    return Drawing(figure, ". ".join(_in_words(row, shares[row]) for row in shares))


def _in_words(row: str, parts: Mapping[str, float]) -> str:
    listed: Sequence[str] = [f"{part} {size:.2f}" for part, size in parts.items() if np.isfinite(size)]
    return f"{row}: {', '.join(listed) or 'nothing finite'}"
