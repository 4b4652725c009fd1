"""A scikit-learn classifier: a teacher is distilled into a quantum student. Needs the extra `data`."""

import functools
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import cross_val_predict
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from jaxqkd import checks, losses
from jaxqkd.data import Reduction, apply_reduction, fit_reduction
from jaxqkd.experiments.own_data.setup import ENCODINGS, choose, reduction, student
from jaxqkd.experiments.own_data.training import HIDDEN
from jaxqkd.experiments.teaching import LEARNING_RATE
from jaxqkd.models import MLP
from jaxqkd.saving import Student, save_student
from jaxqkd.teachers import from_probabilities
from jaxqkd.training import fit
from jaxqkd.types import Data, Key, Loss, Params

ROWS = 256
"""Rows that are scored at once. It is always the same number, so that one program scores any number of rows."""
FOLDS = 3


class DistilledClassifier(ClassifierMixin, BaseEstimator):
    """A quantum student with a teacher, as a scikit-learn classifier.

    `fit` fits the reduction of the features, the teacher and the student. Nothing is held out: choose settings
    by `GridSearchCV` or `cross_val_score`. It takes features and labels as any classifier of scikit-learn does.

    Args:
        student: A name out of hea, universal, strongly_entangling, real_amplitudes and reuploading; or a model
            with as many classes as the labels have, which is given the standardized features.
        qubits: Number of qubits of a named student; None for as many as features, 4 at most.
        layers: Number of its layers.
        encoding: Its encoding, "angle" or "amplitude".
        readout: What it reads of its qubits, a list of Pauli strings or a readout of `jaxqkd.quantum.readouts`;
            None for <Z> of each.
        teacher: "mlp" for a perceptron; a classifier of scikit-learn with `predict_proba`, copies of which predict
            each row after being fitted on other rows; or None to train on the labels alone.
        temperature: T of the teacher's term.
        alpha: Weight of the teacher's term, in [0, 1].
        epochs: Epochs of the student and of the perceptron.
        learning_rate: Adam's, for the student.
        batch_size: Rows of an update, or None for all of them.
        random_state: A whole number for the same result each time; None, or NumPy's generator.

    Attributes:
        classes_: The classes, sorted.
        student_: A `jaxqkd.saving.Student`: what `jaxqkd.save_student` takes.
        n_features_in_: Number of features.
        feature_names_in_: Their names, if `X` was a table with names.

    References:
        Hinton, Vinyals, Dean, arXiv:1503.02531 (2015).
    """

    def __init__(
        self,
        student: Any = "hea",
        *,
        qubits: int | None = None,
        layers: int = 3,
        encoding: str = ENCODINGS[0],
        readout: Any = None,
        teacher: Any = "mlp",
        temperature: float = 2.0,
        alpha: float = 0.5,
        epochs: int = 200,
        learning_rate: float = 0.03,
        batch_size: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.student = student
        self.qubits = qubits
        self.layers = layers
        self.encoding = encoding
        self.readout = readout
        self.teacher = teacher
        self.temperature = temperature
        self.alpha = alpha
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Returns the classifier, fitted to features X [N, D] and labels y [N]."""
        x, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        must, only = "hold at least two classes", f"one class, {self.classes_[0]!r}"
        checks.require(len(self.classes_) > 1, "y", must, only)
        checks.positive("temperature", self.temperature)
        checks.fraction("alpha", self.alpha)
        k_student, k_teacher = jax.random.split(
            jax.random.key(check_random_state(self.random_state).randint(2**31))
        )
        model, reduced = self._chosen(x)
        rows = _reduced(reduced, x), labels, self._teacher_logits(k_teacher, x, labels)
        alpha = 0.0 if self.teacher is None else self.alpha
        params = self._trained(k_student, model, rows, alpha, self.learning_rate)
        names = getattr(self, "feature_names_in_", None)
        columns = None if names is None else tuple(map(str, names))
        self.student_ = Student(model, params, reduced, tuple(map(str, self.classes_)), columns, {})
        return self

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """Returns the probabilities [N, C] of the classes, in the order of `classes_`."""
        check_is_fitted(self)
        x = validate_data(self, X, reset=False)
        scores = _scores(self.student_.model, self.student_.params, self.student_.reduction, x)
        return softmax(scores.astype(float), axis=1)  # whose rows sum to 1 as precisely as metrics ask

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Returns the class [N] of each row."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes the fitted student for `jaxqkd.load_student` and `jaxqkd predict`."""
        check_is_fitted(self)
        model, params, reduced, names, columns, facts = self.student_
        save_student(directory, model, params, reduction=reduced, names=names, columns=columns, facts=facts)

    def _chosen(self, x: np.ndarray) -> tuple[Any, Reduction]:
        """Returns the model, and the reduction of its features."""
        classes, features = len(self.classes_), x.shape[1]
        if not isinstance(self.student, str):
            cure = "Give that model its own readout."
            must = "be None where the student is a model"
            checks.require(self.readout is None, "readout", must, repr(self.readout), cure)
            own = getattr(self.student, "classes", classes)
            checks.require(own == classes, "student", f"have the {classes} classes of `y`", f"one of {own}")
            return self.student, fit_reduction(x)
        most = self.qubits
        if self.encoding == "angle" and most is not None:
            most = min(most, features)
        choice = choose(self.student, features, qubits=most, layers=self.layers, encoding=self.encoding)
        named = student(choice, classes)
        model = named if self.readout is None else named.clone(readout=self.readout)
        return model, reduction(choice, x)

    def _teacher_logits(self, key: Key, x: Any, labels: Any) -> Any:
        """Returns the teacher's logits [N, C] of the training rows; without a teacher zeros, whose weight is 0."""
        classes = len(self.classes_)
        if self.teacher is None:
            return np.zeros((len(x), classes))
        if isinstance(self.teacher, str):
            checks.one_of("teacher", self.teacher, ("mlp",))
            model, standard = MLP(features=HIDDEN, classes=classes), fit_reduction(x)
            rows = _reduced(standard, x), labels, np.zeros((len(x), classes))
            return _scores(model, self._trained(key, model, rows, 0.0, LEARNING_RATE), standard, x)
        fewest = int(np.bincount(labels).min())
        cure = "Join rare classes, or use another teacher."
        checks.require(fewest >= FOLDS, "y", f"hold each class {FOLDS} times for this teacher", fewest, cure)
        chances = cross_val_predict(clone(self.teacher), x, labels, cv=FOLDS, method="predict_proba")
        return np.asarray(from_probabilities(chances))

    def _trained(self, key: Key, model: Any, rows: Sequence[Any], alpha: float, rate: float) -> Params:
        """Returns parameters trained on features, labels and logits, padded to one of few numbers of rows."""
        count, batch = len(rows[0]), self.batch_size
        checks.require(batch is None or batch <= count, "batch_size", f"be at most the {count} rows", batch)
        lacking = _room(count) - count
        padded: list[Any] = [np.concatenate([part, np.repeat(part[:1], lacking, axis=0)]) for part in rows]
        padded[1][count:] = -1
        params = _trainer(model, self.epochs, batch)(key, Data(*padded), count, self.temperature, alpha, rate)
        return jax.tree.map(np.asarray, params)


def _reduced(reduction: Reduction, x: Any) -> Any:
    return np.asarray(apply_reduction(reduction, x))


def _room(count: int) -> int:
    """Returns the number of rows that a training is compiled for: 96, or at most half as many again."""
    whole = 2 ** max(7, math.ceil(math.log2(count)))
    return whole * 3 // 4 if count <= whole * 3 // 4 else whole


@functools.lru_cache(maxsize=32)
def _trainer(model: Any, epochs: int, batch_size: int | None) -> Callable[..., Params]:
    """Returns the compiled training of a model, in which rows labeled -1 have no weight.

    Rows are padded so that the folds of a cross-validation, and its settings, share a program.
    """

    def train(key: Key, data: Data, count: Any, temperature: Any, alpha: Any, rate: Any) -> Params:
        loss = _of_labeled(losses.kd(temperature, alpha), len(data.x) / count)
        return fit(key, model, data, loss, optax.adam(rate), epochs=epochs, batch_size=batch_size).params

    return jax.jit(train)


def _of_labeled(loss: Loss, weight: Any) -> Loss:
    """Returns the loss times a weight, and 0 for rows labeled -1."""

    def each(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        values = weight * loss(student, teacher, jnp.maximum(labels, 0))
        return jnp.where(labels < 0, 0.0, values)

    return each


@functools.lru_cache(maxsize=32)
def _scorer(model: Any) -> Callable[..., jax.Array]:
    return jax.jit(lambda params, reduced, x: model.apply(params, apply_reduction(reduced, x)))


def _scores(model: Any, params: Params, reduced: Reduction | None, x: Any) -> Any:
    """Returns logits [N, C] of features [N, D]; a row's do not depend on the rows beside it."""
    filled = np.concatenate([x, np.repeat(x[:1], -len(x) % ROWS, axis=0)])
    score = _scorer(model)
    parts = [np.asarray(score(params, reduced, filled[at : at + ROWS])) for at in range(0, len(x), ROWS)]
    return np.concatenate(parts)[: len(x)]
