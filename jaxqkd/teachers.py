"""Teachers: other programs' probabilities, the exact posterior, born-again generations, a check of quality.

Any model teaches: `jaxqkd.label` fills `Data.teacher` with its logits. Logits that another program computed go in
directly: `data._replace(teacher=logits)`.
"""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.data.mixtures import Mixture, posterior
from jaxqkd.training import label
from jaxqkd.types import Data, Fit, Key, Model

__all__ = ["check_quality", "from_probabilities", "generations", "oracle"]


def from_probabilities(probabilities: Any, *, floor: float = 1e-6) -> jax.Array:
    """Returns logits [N, C] of probabilities [N, C], such as a scikit-learn model's `predict_proba`.

    They are the logarithms, so their softmax at temperature 1 gives the probabilities again. A probability below
    the floor is raised to it: a random forest often returns exactly 0, whose logarithm is not finite.

    Args:
        probabilities: Non-negative numbers [N, C] whose rows sum to 1, known on the host.
        floor: The least probability, in (0, 1).

    Raises:
        ValueError: If a row is not a probability distribution, or the floor is out of its range.
    """
    checks.numbers("probabilities", probabilities)
    checks.rank("probabilities", probabilities, 2, "[N, C]")
    checks.require(0 < floor < 1, "floor", "lie in (0, 1)", floor)
    rows = np.asarray(probabilities, float)
    checks.finite_rows("probabilities", rows)
    bad = np.flatnonzero((rows < 0).any(axis=1) | (abs(rows.sum(axis=1) - 1) > 1e-3))
    if len(bad):
        first, cure = f"{rows[bad[0]]} at row {bad[0]}", "Logits need no conversion: put them into Data.teacher."
        raise checks.error("probabilities", "be distributions in each row", first, cure)
    return jnp.log(jnp.maximum(jnp.asarray(rows), floor))


def oracle(data: Data, mixture: Mixture, *, classes: int, rate: Any = 0.0) -> Data:
    """Returns data whose teacher is the truth: the exact posterior of the mixture that they were drawn from.

    No teacher leaves its students less variance: its soft labels are the expectation of the labels. What such a
    teacher adds to the labels is an upper bound for what a trained one can add by removing their noise.

    Args:
        data: Examples; an earlier teacher is replaced.
        mixture: What x was drawn from.
        classes: Number of classes C.
        rate: The label noise of `data.with_label_noise`, in [0, 1]; may be traced. The teacher then knows the
            distribution of the noisy labels.

    References:
        Menon et al., A statistical perspective on distillation, ICML 2021, arXiv:2005.10419.

    Example:
        >>> import jaxqkd as jq
        >>> blobs = jq.data.xor_mixture(classes=2, cells=2, spread=0.3)
        >>> data = jq.data.gaussian_mixture(jax.random.key(0), blobs, count=5)
        >>> oracle(data, blobs, classes=2, rate=0.1).teacher.shape
        (5, 2)
    """
    return data._replace(teacher=posterior(data.x, mixture, classes=classes, rate=rate))


def generations(key: Key, model: Model, data: Data, train: Callable[[Key, Data], Fit], *, count: int) -> list[Fit]:
    """Returns the trainings of born-again generations, each of which is the teacher of the next.

    This is self-distillation, as the model is the same throughout. The teacher of the first generation is what
    `data.teacher` holds, which may be None. Each generation has its own key, and so its own initialization.

    Args:
        key: Random key.
        model: Teacher and student alike.
        data: Training data.
        train: A function `(key, data) -> Fit` that trains the model. It may test `data.teacher is None`, which is
            static.
        count: Number of generations, at least 1.

    References:
        Furlanello et al., Born-Again Neural Networks, ICML 2018.

    Example:
        >>> import optax
        >>> import jaxqkd as jq
        >>> model, data = jq.models.Linear(classes=2), jq.data.moons(jax.random.key(0), count=50)
        >>> def train(key, data):
        ...     loss = jq.losses.hard() if data.teacher is None else jq.losses.kd(2.0, 0.5)
        ...     return jq.fit(key, model, data, loss, optax.adam(0.1), epochs=5)
        >>> len(generations(jax.random.key(1), model, data, train, count=3))
        3
    """
    checks.integer("count", count)
    fits: list[Fit] = []
    for generation in range(count):
        if fits:
            data = label(data, model, fits[-1].params)
        fits.append(train(jax.random.fold_in(key, generation), data))
    return fits


def check_quality(teacher_score: Any, baseline_score: Any) -> None:
    """Warns if a teacher is no better than the baseline of its students on validation data.

    Such a teacher adds nothing to the labels; what its students gain is then an effect of regularization.

    Args:
        teacher_score: The teacher's score, higher is better: one number, or one for each seed [seeds].
        baseline_score: The score of the students without it, or that of the commonest class; of the same shape.

    Raises:
        ValueError: If the scores have different shapes.
    """
    teacher, baseline = (np.atleast_1d(np.asarray(score, float)) for score in (teacher_score, baseline_score))
    same = teacher.shape == baseline.shape and teacher.ndim == 1
    checks.require(same, "baseline_score", f"have the shape {teacher.shape} of teacher_score", baseline.shape)
    if not teacher.mean() > baseline.mean():
        behind = int(np.sum(~(teacher > baseline)))
        text = f"on average {teacher.mean():.3f} against {baseline.mean():.3f}"
        text += f", and not better in {behind} of {len(teacher)} seeds" if len(teacher) > 1 else ""
        warnings.warn(f"the teacher is no better than the baseline on validation data: {text}", stacklevel=2)
