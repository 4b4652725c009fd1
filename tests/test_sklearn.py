import jax
import numpy as np
import optax
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_blobs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import jaxqkd as jq
from jaxqkd import sklearn
from jaxqkd.sklearn import DistilledClassifier

X, Y = make_blobs(60, centers=3, random_state=0, cluster_std=0.6)
SMALL = {"qubits": 2, "layers": 1, "epochs": 30, "learning_rate": 0.2, "random_state": 0}


def small(**changes):
    return DistilledClassifier(**SMALL | changes)


@pytest.mark.slow
def test_scikit_learns_own_checks_pass():
    told = check_estimator(small(teacher=None, random_state=None), on_skip=None)
    assert {check["status"] for check in told if check["check_name"] != "check_array_api_input"} == {"passed"}


def test_blobs_are_told_apart_and_the_same_state_gives_the_same_bits():
    first, second = (small().fit(X, Y) for _ in range(2))
    assert first.score(X, Y) > 0.9
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    assert (first.predict_proba(X) != small(random_state=1).fit(X, Y).predict_proba(X)).any()


def test_probabilities_sum_to_one_and_classes_keep_their_names():
    names = np.array(["ash", "elm", "oak"])
    fitted = small().fit(X, names[Y])
    assert fitted.classes_.tolist() == names.tolist()
    np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(fitted.predict(X), names[fitted.predict_proba(X).argmax(axis=1)])


def test_a_readout_is_taken_and_saved_with_the_student(tmp_path):
    fitted = small(readout=["XX", "ZI", "IZ"], epochs=3).fit(X, Y)
    assert fitted.student_.params["params"]["head"]["kernel"].shape == (3, 3)
    fitted.save(tmp_path)
    assert jq.load_student(tmp_path).model.readout == jq.quantum.readouts.strings("XX", "ZI", "IZ")
    with pytest.raises(ValueError, match="`readout` must be None where the student is a model"):
        small(student=fitted.student_.model, readout=["XX"]).fit(X, Y)


def test_alpha_zero_is_training_without_a_teacher():
    alone = small(teacher=None).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(alone, small(alpha=0.0).fit(X, Y).predict_proba(X))
    assert (alone != small(alpha=0.9).fit(X, Y).predict_proba(X)).any()


def test_at_alpha_one_only_the_teacher_counts():
    """A teacher that was fitted to labels moved by one class teaches those, whatever the true ones are."""

    class Moved(LogisticRegression):
        def fit(self, x, y):
            return super().fit(x, (y + 1) % 3)

    fitted = small(teacher=Moved(), alpha=1.0, epochs=60).fit(X, Y)
    assert (fitted.predict(X) == (Y + 1) % 3).mean() > 0.9


def test_rows_that_fill_up_count_for_nothing():
    """49 rows are filled up to 96, of which a mean over 49 is left."""
    model = jq.models.Linear(classes=3)
    x, labels = X[:49].astype(np.float32), Y[:49]
    rows = x, labels, np.zeros((49, 3))
    key = jax.random.key(2)
    found = small()._trained(key, model, rows, 0.0, 0.2)
    wanted = jq.fit(key, model, jq.data.from_arrays(x, labels), jq.losses.hard(), optax.adam(0.2), epochs=30)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted.params), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(("count", "room"), [(1, 96), (96, 96), (97, 128), (129, 192), (193, 256), (1000, 1024)])
def test_few_numbers_of_rows_are_compiled_for(count, room):
    assert sklearn._room(count) == room


def test_a_row_is_scored_alike_whatever_is_beside_it():
    fitted = small().fit(X, Y)
    many = np.concatenate([X] * 5)
    np.testing.assert_array_equal(fitted.predict_proba(many)[:60], fitted.predict_proba(X))
    np.testing.assert_array_equal(fitted.predict_proba(X[7:8])[0], fitted.predict_proba(X)[7])


def test_it_works_in_a_pipeline_and_a_grid_search_without_compiling_again():
    sklearn._trainer.cache_clear()
    pipeline = make_pipeline(StandardScaler(), small(teacher=RandomForestClassifier(5, random_state=0)))
    grid = {"distilledclassifier__temperature": [1.0, 3.0], "distilledclassifier__alpha": [0.2, 0.8]}
    found = GridSearchCV(pipeline, grid, cv=3).fit(X, Y)
    assert found.best_score_ > 0.8
    trainer = sklearn._trainer(found.best_estimator_[-1].student_.model, 30, None)
    assert sklearn._trainer.cache_info().misses == 1
    assert trainer._cache_size() == 1


def test_a_clone_has_the_settings_but_is_not_fitted():
    forest, linear = RandomForestClassifier(5, random_state=0), jq.models.Linear(classes=3)
    original = small(teacher=forest, student=linear, batch_size=16)
    copy = clone(original.fit(X, Y))
    assert (copy.student, copy.batch_size) == (linear, 16)
    assert not hasattr(copy, "classes_")
    np.testing.assert_array_equal(copy.fit(X, Y).predict(X), original.predict(X))
    assert original.score(X, Y) > 0.8


def test_a_table_gives_its_names_and_the_student_can_be_saved(tmp_path):
    table = load_iris(as_frame=True)
    fitted = small(student="real_amplitudes", encoding="amplitude", teacher=None).fit(table.data, table.target)
    fitted.save(tmp_path)
    loaded = jq.load_student(tmp_path)
    assert loaded.columns == tuple(fitted.feature_names_in_) == tuple(table.data.columns)
    assert loaded.names == ("0", "1", "2")
    scores = loaded.logits(table.data.to_numpy(np.float32))
    np.testing.assert_array_equal(scores.argmax(axis=1), fitted.predict(table.data))
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(pd.DataFrame(table.data.rename(columns=str.upper)))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"student": "big"}, "`student` must be one of 'hea'"),
        ({"student": jq.models.Linear(classes=2)}, "`student` must have the 3 classes of `y`"),
        ({"teacher": "forest"}, "`teacher` must be one of 'mlp'"),
        ({"encoding": "smooth"}, "`encoding` must be one of"),
        ({"temperature": 0.0}, "`temperature` must be positive"),
        ({"alpha": 2.0}, "`alpha` must lie between 0 and 1"),
        ({"epochs": 0}, "`epochs` must be at least 1"),
        ({"batch_size": 61}, "`batch_size` must be at most the 60 rows"),
    ],
)
def test_bad_settings_are_refused_at_fit(changes, told):
    with pytest.raises(ValueError, match=told):
        small(teacher=None, **changes).fit(X, Y) if "teacher" not in changes else small(**changes).fit(X, Y)


def test_a_class_too_rare_for_the_teachers_folds_is_refused():
    labels = Y.copy()
    labels[labels == 2] = 1
    labels[:2] = 2
    with pytest.raises(ValueError, match="hold each class 3 times for this teacher, but is 2"):
        small(teacher=LogisticRegression()).fit(X, labels)
