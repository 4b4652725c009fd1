"""Data: samplers, bundled data sets, the user's own tables, splits, and reductions of features."""

from jaxqkd.data.bundled import breast_cancer, digits, iris, mnist, wine
from jaxqkd.data.files import Table, feature_matrix, from_arrays, read
from jaxqkd.data.mixtures import Mixture, gaussian_mixture, posterior, xor_mixture
from jaxqkd.data.reduction import Reduction, apply_reduction, fit_reduction, standardize
from jaxqkd.data.splitting import join, split, unlabeled
from jaxqkd.data.synthetic import circles, moons, with_label_noise, xor_bits, xor_grid

__all__ = [
    "Mixture",
    "Reduction",
    "Table",
    "apply_reduction",
    "breast_cancer",
    "circles",
    "digits",
    "feature_matrix",
    "fit_reduction",
    "from_arrays",
    "gaussian_mixture",
    "iris",
    "join",
    "mnist",
    "moons",
    "posterior",
    "read",
    "split",
    "standardize",
    "unlabeled",
    "wine",
    "with_label_noise",
    "xor_bits",
    "xor_grid",
    "xor_mixture",
]
