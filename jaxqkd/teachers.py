"""Teachers: whatever gives logits of examples, as the model or the array that `label` and `fit` take.

A linen module, a quantum student and anything with `init` and `apply` are teachers as they are. Logits that
another program made go into `Data.teacher` as they are: `data._replace(teacher=logits)`.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.models.wrappers import Ensemble, FromNnx
from jaxqkd.training import label
from jaxqkd.types import Data, Fit, Key, Model


def from_probabilities(probabilities: Any, *, floor: float = 1e-6) -> jax.Array:
    """Returns logits [N, C] of probabilities [N, C], such as a scikit-learn model's `predict_proba`.

    They are the logarithms, so at temperature 1 their softmax gives the probabilities again. A probability below
    the floor counts as the floor: a forest often says exactly 0, whose logarithm is not finite.

    Args:
        probabilities: Non-negative numbers [N, C] whose rows sum to 1, known on the host.
        floor: The least probability, in (0, 1).

    Raises:
        ValueError: If a row is no distribution, or the floor out of its range.
    """
    checks.numbers("probabilities", probabilities)
    checks.rank("probabilities", probabilities, 2, "[N, C]")
    checks.require(0 < floor < 1, "floor", "lie in (0, 1)", floor)
    found = np.asarray(probabilities, float)
    checks.finite_rows("probabilities", found)
    bad = np.flatnonzero((found < 0).any(axis=1) | (abs(found.sum(axis=1) - 1) > 1e-3))
    if len(bad):
        cure = "Logits need no conversion: put them into Data.teacher."
        checks.require(
            False, "probabilities", "be distributions in each row", f"{found[bad[0]]} at row {bad[0]}", cure
        )
    return jnp.log(jnp.maximum(jnp.asarray(found), floor))


def ensemble(
    models: Sequence[Model], *, weights: Sequence[float] | None = None, of: str = "probabilities"
) -> Ensemble:
    """Returns a model whose answer is the mean of several models'.

    Args:
        models: The models, with the same classes.
        weights: A positive weight for each; they are scaled to sum to 1. Equal ones by default.
        of: "probabilities" for the mean of what the models hold likely, or "logits", whose mean is the geometric
            mean of the probabilities, and counts sure models for more.

    Raises:
        ValueError: Without models, or on weights that are not positive, or not as many.

    References:
        Hinton, Vinyals, Dean, Distilling the Knowledge in a Neural Network, arXiv:1503.02531 (2015).
    """
    checks.require(len(models) > 0, "models", "hold at least one model", "empty")
    checks.one_of("of", of, ("probabilities", "logits"))
    given = np.ones(len(models)) if weights is None else np.asarray(weights, float)
    good = given.shape == (len(models),) and bool(np.all(given > 0)) and bool(np.isfinite(given).all())
    checks.require(good, "weights", f"be {len(models)} positive numbers", weights)
    return Ensemble(tuple(models), tuple((given / given.sum()).tolist()), of)


def nnx(build: Callable[[Any], Any]) -> FromNnx:
    """Returns a model of a flax nnx module, for `fit`, `label` and `sweep`.

    Args:
        build: A function of `flax.nnx.Rngs` that returns the module, whose call takes features [B, D]: a class
            that is bound to its sizes, as in the example. Only modules whose state is `nnx.Param` alone are pure
            functions of parameters: those with batch statistics or dropout are refused.

    Raises:
        ValueError: If the module has state other than parameters.

    Example:
        >>> from flax import nnx as flax_nnx
        >>> teacher = nnx(lambda rngs: flax_nnx.Linear(4, 3, rngs=rngs))
        >>> params = teacher.init(jax.random.key(0), jnp.zeros((1, 4)))
        >>> teacher.apply(params, jnp.zeros((5, 4))).shape
        (5, 3)
    """
    from flax import nnx as library

    rest = library.split(library.eval_shape(lambda: build(library.Rngs(0))), library.Param, ...)[-1]
    others = sorted({type(leaf).__name__ for _, leaf in library.to_flat_state(rest)})
    cure = "Leave out dropout and batch statistics, or label the data yourself."
    checks.require(not others, "build", "make a module whose state is parameters alone", f"with {others}", cure)
    return FromNnx(build)


def generations(key: Key, model: Model, data: Data, train: Callable[[Key, Data], Fit], *, count: int) -> list[Fit]:
    """Returns the trainings of born-again generations: each is taught by the one before it.

    With one model throughout this is self-distillation. The first generation is taught by what `data.teacher`
    holds, which may be nothing; each has a key, and so an initialization, of its own.

    Args:
        key: Random key.
        model: Teacher and student alike.
        data: Training data.
        train: A function `(key, data) -> Fit` that trains the model; where it asks `data.teacher is None`, the
            answer is static.
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
    found: list[Fit] = []
    for generation in range(count):
        if found:
            data = label(data, model, found[-1].params)
        found.append(train(jax.random.fold_in(key, generation), data))
    return found


def check_quality(teacher_score: Any, baseline_score: Any) -> None:
    """Warns where a teacher is no better than its students' baseline on validation data.

    Such a teacher has nothing to tell beyond what the labels do; what its students gain is then regularization.

    Args:
        teacher_score: The teacher's score, higher is better; one number, or one a seed [seeds].
        baseline_score: What the students score without it, or the commonest class does; likewise.

    Raises:
        ValueError: If the scores are not as many.
    """
    teacher, baseline = (np.atleast_1d(np.asarray(score, float)) for score in (teacher_score, baseline_score))
    same = teacher.shape == baseline.shape and teacher.ndim == 1
    checks.require(same, "baseline_score", f"have the shape {teacher.shape} of teacher_score", baseline.shape)
    if not teacher.mean() > baseline.mean():
        behind = int(np.sum(~(teacher > baseline)))
        told = f"on average {teacher.mean():.3f} against {baseline.mean():.3f}"
        told += f", and not better in {behind} of {len(teacher)} seeds" if len(teacher) > 1 else ""
        warnings.warn(f"the teacher is no better than the baseline on validation data: {told}", stacklevel=2)
