"""Training: `fit`, the one loop for teachers and students; `label`; and `fit_observables`, an optimum."""

from jaxqkd.training.loop import fit, label
from jaxqkd.training.optimum import Optimum, fit_observables
from jaxqkd.training.validation import logits_of

__all__ = ["Optimum", "fit", "fit_observables", "label", "logits_of"]
