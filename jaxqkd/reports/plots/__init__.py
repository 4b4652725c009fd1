"""Figures of a study: functions from labeled arrays to a drawing, a matplotlib figure with its alternative text.

Each is usable alone. What is not finite is not drawn, and no value is made up. People with any color vision can
distinguish the colors; markers and line styles distinguish the same without color.
"""

from jaxqkd.reports.plots.curves import learning_curves
from jaxqkd.reports.plots.distributions import distributions
from jaxqkd.reports.plots.effects import effects
from jaxqkd.reports.plots.heat_maps import comparison_heat_map
from jaxqkd.reports.plots.initializations import initialization_sensitivity
from jaxqkd.reports.plots.means import mean_curves
from jaxqkd.reports.plots.pareto import pareto
from jaxqkd.reports.plots.shares import stacked_shares
from jaxqkd.reports.plots.strips import score_strips
from jaxqkd.reports.plots.times import runtime

__all__ = [
    "comparison_heat_map",
    "distributions",
    "effects",
    "initialization_sensitivity",
    "learning_curves",
    "mean_curves",
    "pareto",
    "runtime",
    "score_strips",
    "stacked_shares",
]
