"""Statistics of scores over seeds: summaries, paired differences, and tables corrected for their number of tests.

Every interval is of 95 %, every claim at 5 %. Nothing is random: the bootstrap draws the same resamples each time.
A score that is not finite is never dropped: it makes the figures that need it NaN, and counts as failed.
"""

from jaxqkd.statistics.components import Components, Share, components
from jaxqkd.statistics.differences import LEVEL, Difference, difference, holm
from jaxqkd.statistics.labeled import compare, describe
from jaxqkd.statistics.likelihood import reml
from jaxqkd.statistics.power import fewest_seeds, resampled_power, seeds_needed, smallest_effect, smallest_p
from jaxqkd.statistics.regression import Regression, regress
from jaxqkd.statistics.summaries import CONFIDENCE, Summary, predicted_mean, summary

__all__ = [
    "CONFIDENCE",
    "LEVEL",
    "Components",
    "Difference",
    "Regression",
    "Share",
    "Summary",
    "compare",
    "components",
    "describe",
    "difference",
    "fewest_seeds",
    "holm",
    "predicted_mean",
    "regress",
    "reml",
    "resampled_power",
    "seeds_needed",
    "smallest_effect",
    "smallest_p",
    "summary",
]
