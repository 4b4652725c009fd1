"""Training: `fit`, the one loop for teachers and students; `label`; and `fit_observables`, an optimum.

`fit` gets its gradients by automatic differentiation, or as a device would: by `parameter_shift` or by `spsa`.
"""

from jaxqkd.training.estimators import Estimator, autodiff, gains, parameter_shift, spsa
from jaxqkd.training.loop import fit, label
from jaxqkd.training.optimum import Optimum, fit_observables
from jaxqkd.training.validation import logits_of

__all__ = [
    "Estimator",
    "Optimum",
    "autodiff",
    "fit",
    "fit_observables",
    "gains",
    "label",
    "logits_of",
    "parameter_shift",
    "spsa",
]
