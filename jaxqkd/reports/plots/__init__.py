"""Figures of a study: functions from a dataset to a matplotlib figure, each usable alone.

What is not there is not drawn: a figure whose variable is missing is refused, and no value is made up. Colors are
those that people with any color vision tell apart; markers and line styles tell the same without color.
"""

from jaxqkd.reports.plots.curves import learning_curves
from jaxqkd.reports.plots.effects import effects
from jaxqkd.reports.plots.heat_maps import gain_heat_map, setting_heat_map
from jaxqkd.reports.plots.initializations import initialization_sensitivity
from jaxqkd.reports.plots.pareto import pareto
from jaxqkd.reports.plots.strengths import strength_curves
from jaxqkd.reports.plots.strips import published_against_measured, score_strips
from jaxqkd.reports.plots.times import runtime

__all__ = [
    "effects",
    "gain_heat_map",
    "initialization_sensitivity",
    "learning_curves",
    "pareto",
    "published_against_measured",
    "runtime",
    "score_strips",
    "setting_heat_map",
    "strength_curves",
]
