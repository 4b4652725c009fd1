"""Figures of a study: functions from a dataset to a matplotlib figure, each usable alone.

What is not there is not drawn: a figure whose variable is missing is refused, and no value is made up. Colours are
those that people with any colour vision tell apart; markers and line styles tell the same without colour.
"""

from jaxqkd.studies.plots.curves import learning_curves
from jaxqkd.studies.plots.effects import effects
from jaxqkd.studies.plots.heat_maps import gain_heat_map, setting_heat_map
from jaxqkd.studies.plots.initialisations import initialisation_sensitivity
from jaxqkd.studies.plots.pareto import pareto
from jaxqkd.studies.plots.strengths import strength_curves
from jaxqkd.studies.plots.strips import published_against_measured, score_strips
from jaxqkd.studies.plots.times import runtime

__all__ = [
    "effects",
    "gain_heat_map",
    "initialisation_sensitivity",
    "learning_curves",
    "pareto",
    "published_against_measured",
    "runtime",
    "score_strips",
    "setting_heat_map",
    "strength_curves",
]
