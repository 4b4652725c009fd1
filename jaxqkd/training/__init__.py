"""Training: `fit`, the one loop for teachers and students alike, and `label`, which asks a teacher once."""

from jaxqkd.training.loop import fit, label
from jaxqkd.training.validation import logits_of

__all__ = ["fit", "label", "logits_of"]
