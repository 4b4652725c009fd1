"""Preparation on the host, before a study runs: for each seed a split, a reduction, and forests.

`seed_data` is compiled and knows its seed by the key alone, so each seed's preparation is kept beside its key.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.data import Reduction
from jaxqkd.data.extras import extra
from jaxqkd.experiments.own_data.setup import Choice, reduction
from jaxqkd.studies.study import seed_keys
from jaxqkd.teachers import from_probabilities
from jaxqkd.types import Data, Key

FRACTIONS = (0.6, 0.2, 0.2)
"""Shares of the rows for training, validation and test."""
FEWEST_ROWS = 5
"""Rows that a class needs for each part of a split to hold one of them."""
TREES, FOLDS = 100, 3


class Prepared(NamedTuple):
    """A table, and the preparation of each of S seeds.

    Attributes:
        table: All rows; `teacher` holds the user's logits [N, C], or None.
        keys: The seeds' keys as numbers [S, words].
        orders: The rows [S, N] in the order of the seed's split.
        reductions: Fitted on the seed's training rows; leaves lead with [S].
        forests: Logits [S, N, C] of the rows of the table by the seed's forests, or None.
    """

    table: Any
    keys: np.ndarray
    orders: np.ndarray
    reductions: Reduction
    forests: np.ndarray | None = None

    def own(self, key: Key) -> "Prepared":
        """Returns the preparation of the key's seed, without the axis S; the key may be traced."""
        at = jnp.argmax(jnp.all(self.keys == jax.random.key_data(key)[None, :], axis=1))
        each = jax.tree.map(lambda leaf: jnp.asarray(leaf)[at], self._replace(table=None))
        return each._replace(table=self.table)


def ends(count: int) -> tuple[int, int]:
    """Returns the ends of the training rows and of the validation rows among `count` rows in a seed's order."""
    return round(FRACTIONS[0] * count), round((FRACTIONS[0] + FRACTIONS[1]) * count)


def prepare(table: Data, choice: Choice, *, seeds: int, base: int, teacher: str) -> Prepared:
    """Returns the preparation of each seed, drawn from the base and the seed's own number.

    Raises:
        ValueError: If a class has too few rows to be in each part of every split.
    """
    labels, x = np.asarray(table.labels), np.asarray(table.x, float)
    _check_classes(labels)
    keys = seed_keys(base, range(seeds))
    orders = np.stack([_stratified(jax.random.fold_in(key, 0), labels) for key in keys])
    train = orders[:, : ends(len(labels))[0]]
    reductions = [reduction(choice, x[rows]) for rows in train]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *reductions)
    words = np.asarray(jax.random.key_data(keys))
    forests = None
    if teacher == "forest":
        forests = np.stack(
            [_forest(x, labels, rows, int(word)) for rows, word in zip(train, words[:, 1], strict=True)]
        )
    return Prepared(table, words, orders, stacked, forests)


def _check_classes(labels: np.ndarray) -> None:
    counts = np.bincount(labels)
    few = int(counts.argmin())
    cure = "Leave out rare classes, or join them."
    must = f"have at least {FEWEST_ROWS} rows of each class"
    checks.require(counts[few] >= FEWEST_ROWS, "data", must, f"{counts[few]} of class {few}", cure)


def _stratified(key: Key, labels: np.ndarray) -> np.ndarray:
    """Returns the rows in a random order in which every stretch holds the classes in their proportion."""
    order = np.asarray(jax.random.permutation(key, len(labels)))
    place = np.empty(len(labels))
    for name in np.unique(labels):
        members = np.flatnonzero(labels[order] == name)
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return order[np.argsort(place, kind="stable")]


def _forest(x: np.ndarray, labels: np.ndarray, train: np.ndarray, seed: int) -> np.ndarray:
    """Returns logits [N, C] of all rows by random forests that were fitted on training rows, but not on the row.

    A forest is nearly certain of the rows that it was fitted on. So a forest that was fitted on the other folds
    predicts each training row, and one that was fitted on all training rows predicts the other rows.
    """
    selection = extra("sklearn.model_selection", "scikit-learn")
    forest = extra("sklearn.ensemble", "scikit-learn").RandomForestClassifier(TREES, random_state=seed)
    folds = selection.StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    own: dict[str, Any] = {"cv": folds, "method": "predict_proba"}
    probabilities = forest.fit(x[train], labels[train]).predict_proba(x)
    probabilities[train] = selection.cross_val_predict(forest, x[train], labels[train], **own)
    return np.asarray(from_probabilities(probabilities))
