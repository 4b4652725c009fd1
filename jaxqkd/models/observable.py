"""The observable student: the best observables of an encoding, in place of a circuit."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.quantum.encodings import Encoding, amplitude


class ObservableStudent(nn.Module):
    """A student whose logits are expectation values of free observables: f_c(x) = tr(rho(x) O_c) + b_c.

    Every circuit after the encoding, with a linear head after it, is such a function, so the best of these is at
    least as good on the training data as any circuit's. The logits are linear in the independent real numbers of
    rho(x), see `density_features`, so with cross-entropy or distillation it is multinomial logistic regression on
    them: convex, without an initialization that matters. `jaxqkd.training.fit_observables` finds the optimum.

    Attributes:
        encoding: A function of features [..., D] and the number of qubits that returns states [..., 2^Q].
        qubits: Number of qubits Q.
        classes: Number of classes C.
        bound: Where the eigenvalues of each O_c are clipped to [-bound, bound], without b_c, as that of <Z> is to
            [-1, 1]: an upper limit of students with `head="none"`. None for free observables, an upper limit of
            students with a linear head.

    References:
        Schuld, Supervised quantum machine learning models are kernel methods, arXiv:2101.11020 (2021).

    Example:
        >>> student = ObservableStudent(amplitude, qubits=2, classes=3)
        >>> params = student.init(jax.random.key(0), jnp.ones((1, 4)))
        >>> student.apply(params, jnp.ones((5, 4))).shape
        (5, 3)
    """

    encoding: Encoding = amplitude
    qubits: int = 1
    classes: int = 2
    bound: float | None = None

    def __post_init__(self) -> None:
        checks.integer("qubits", self.qubits)
        checks.integer("classes", self.classes, least=2)
        if self.bound is not None:
            checks.positive("bound", self.bound)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Returns logits [B, C] of features x [B, D]."""
        features = self.features(jnp.ones_like(x) if self.is_initializing() else x)
        zeros, dtype = nn.initializers.zeros_init(), jnp.zeros(()).dtype
        weights = self.param("observables", zeros, (features.shape[-1], self.classes), dtype)
        if self.bound is not None:
            return features @ clipped(weights, self.bound, 2**self.qubits)
        return features @ weights + self.param("bias", zeros, (self.classes,), dtype)[None]

    def features(self, x: jax.Array) -> jax.Array:
        """Returns the independent real numbers of the encoded states of features x [B, D]."""
        return density_features(self.encoding(x, self.qubits))


def density_features(states: jax.Array) -> jax.Array:
    """Returns the independent real numbers of rho = |psi><psi| of states [..., d].

    They are the diagonal, then sqrt(2) times the real parts above it, d (d + 1) / 2 numbers in all for real
    states, and for complex ones sqrt(2) times the imaginary parts as well, d^2 numbers. The factor makes scalar
    products those of matrices: tr(rho sigma) is the product of the features.
    """
    rows, columns = np.triu_indices(states.shape[-1], 1)
    above = np.sqrt(2) * states[..., rows] * states[..., columns].conj()
    parts = [jnp.abs(states) ** 2, above.real]
    return jnp.concatenate([*parts, above.imag] if jnp.iscomplexobj(states) else parts, axis=-1)


def observables(weights: jax.Array, size: int) -> jax.Array:
    """Returns the Hermitian matrices O [C, d, d] with tr(rho O_c) = features of rho @ weights[:, c].

    Args:
        weights: Weights [F, C] of `density_features`.
        size: The dimension d of the states.
    """
    rows, columns = np.triu_indices(size, 1)
    pairs = len(rows)
    diagonal, above = weights[:size].T, weights[size : size + pairs].T / np.sqrt(2)
    if len(weights) > size + pairs:
        above = above + 1j * weights[size + pairs :].T / np.sqrt(2)
    matrices = jnp.zeros((weights.shape[1], size, size), above.dtype)
    matrices = matrices.at[:, rows, columns].set(above).at[:, columns, rows].set(above.conj())
    return matrices + jnp.eye(size)[None] * diagonal[:, None, :]


def weights_of(matrices: jax.Array) -> jax.Array:
    """Returns the weights [F, C] of Hermitian matrices [C, d, d], the inverse of `observables`."""
    rows, columns = np.triu_indices(matrices.shape[-1], 1)
    above = np.sqrt(2) * matrices[:, rows, columns]
    parts = [jnp.diagonal(matrices, axis1=1, axis2=2).real, above.real]
    return jnp.concatenate([*parts, above.imag] if jnp.iscomplexobj(matrices) else parts, axis=1).T


def clipped(weights: jax.Array, bound: float, size: int) -> jax.Array:
    """Returns weights [F, C] whose observables have their eigenvalues clipped to [-bound, bound].

    That is the nearest point of the set; its derivative is defined where eigenvalues coincide as well.
    """
    return weights_of(_clipped(observables(weights, size), bound))


@jax.custom_jvp
def _clipped(matrices: jax.Array, bound: float) -> jax.Array:
    values, vectors = jnp.linalg.eigh(matrices)
    return (vectors * jnp.clip(values, -bound, bound)[:, None, :]) @ vectors.mT.conj()


@_clipped.defjvp
def _clipped_jvp(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    """Differentiates by the theorem of Daleckii and Krein: divided differences between eigenvalues."""
    (matrices, bound), (change, _) = primals, tangents
    values, vectors = jnp.linalg.eigh(matrices)
    kept = jnp.clip(values, -bound, bound)
    gap = values[:, :, None] - values[:, None, :]
    inside = (jnp.abs(values) < bound).astype(values.dtype)
    same = jnp.abs(gap) < 1e-6 * bound
    divided = (kept[:, :, None] - kept[:, None, :]) / jnp.where(same, 1.0, gap)
    factor = jnp.where(same, (inside[:, :, None] + inside[:, None, :]) / 2, divided)
    turned = vectors.mT.conj() @ change @ vectors
    value = (vectors * kept[:, None, :]) @ vectors.mT.conj()
    return value, vectors @ (factor * turned) @ vectors.mT.conj()
