"""Measures of a circuit by itself: how evenly its states fill their space, their entanglement, what it can learn.

Trained angles are drawn evenly from [0, 2 pi), before the circuit's scale, and states start from `|0...0>`. All
measures but the dimension of the Lie algebra are estimates: pure functions of a random key, to be jitted by the
caller, with an interval of 95 %.
"""

from jaxqkd.measures.algebra import lie_algebra_dimension
from jaxqkd.measures.estimates import Estimate
from jaxqkd.measures.functions import Spectrum, fourier_spectrum, gradient_variance
from jaxqkd.measures.states import entangling_capability, expressibility, meyer_wallach

__all__ = [
    "Estimate",
    "Spectrum",
    "entangling_capability",
    "expressibility",
    "fourier_spectrum",
    "gradient_variance",
    "lie_algebra_dimension",
    "meyer_wallach",
]
