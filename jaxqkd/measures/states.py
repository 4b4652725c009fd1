"""Measures of the states that a circuit makes: how evenly they fill their space, and how entangled they are."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit
from jaxqkd.measures.estimates import Estimate, estimate, mapped, mean, random_angles, state
from jaxqkd.types import Key


def expressibility(
    key: Key,
    circuit: Circuit,
    *,
    pairs: int = 5000,
    bins: int = 75,
    x: jax.Array | None = None,
    resamples: int = 200,
) -> Estimate:
    """Returns the divergence of the fidelities of pairs of states from those of random states; 0 is the best.

    KL(P || Haar) in nats, where P is a histogram of `|<psi|phi>|^2` of pairs of independent angles. The divergence
    of a histogram of so many pairs is too large by about (occupied bins - 1) / (2 pairs), which is not corrected:
    compare circuits at the same numbers. The standard error is that of a bootstrap over the pairs.

    Args:
        key: Random key.
        circuit: The circuit.
        pairs: Number of pairs of states.
        bins: Number of bins of [0, 1].
        x: Features [D], where gates read them.
        resamples: Number of resamples of the bootstrap, at least 2.

    References:
        Sim, Johnson, Aspuru-Guzik, Adv. Quantum Technol. 2, 1900070 (2019).
    """
    checks.integer("pairs", pairs)
    checks.integer("bins", bins)
    checks.integer("resamples", resamples, least=2)
    k_pairs, k_bootstrap = jax.random.split(key)

    def fidelity(key: Key) -> jax.Array:
        keys = jax.random.split(key)
        one, other = (state(circuit, random_angles(own, circuit), x) for own in keys)
        return jnp.abs(jnp.vdot(one, other, precision="highest")) ** 2

    found = mapped(fidelity, k_pairs, pairs)
    counts = jnp.histogram(found, bins=bins, range=(0.0, 1.0 + 1e-6))[0]
    shares = counts / pairs
    count = jnp.asarray(pairs, shares.dtype)
    again = jax.random.multinomial(k_bootstrap, count, shares, shape=(resamples, bins))
    spread = jax.vmap(functools.partial(_divergence, circuit.qubits))(again / pairs)
    return estimate(_divergence(circuit.qubits, shares), jnp.std(spread, ddof=1))


def entangling_capability(
    key: Key, circuit: Circuit, *, samples: int = 5000, x: jax.Array | None = None
) -> Estimate:
    """Returns the mean entanglement of the circuit's states by `meyer_wallach`, and its standard error.

    Args:
        key: Random key.
        circuit: The circuit.
        samples: Number of random angles, at least 2.
        x: Features [D], where gates read them.

    References:
        Sim, Johnson, Aspuru-Guzik, Adv. Quantum Technol. 2, 1900070 (2019).
    """
    checks.integer("samples", samples, least=2)
    found = mapped(lambda key: meyer_wallach(state(circuit, random_angles(key, circuit), x)), key, samples)
    return mean(found)


def meyer_wallach(psi: jax.Array) -> jax.Array:
    """Returns the entanglement 2 - 2 mean(tr rho_k^2) of a state [2^Q], over the states rho_k of single qubits.

    It is 0 for a product of states of single qubits, and 1 where each qubit alone is maximally mixed.

    References:
        Meyer, Wallach, J. Math. Phys. 43, 4273 (2002); Brennen, Quantum Inf. Comput. 3, 619 (2003).

    Example:
        >>> meyer_wallach(jnp.array([1.0, 0, 0, 1]) / jnp.sqrt(2)).round(5).item()
        1.0
    """
    qubits = (psi.shape[-1] - 1).bit_length()
    purities = []
    for qubit in range(qubits):
        rows = jnp.moveaxis(psi.reshape([2] * qubits), qubit, 0).reshape(2, -1)
        reduced = jnp.matmul(rows, rows.conj().T, precision="highest")
        purities.append(jnp.sum(jnp.abs(reduced) ** 2))
    return 2 - 2 * jnp.mean(jnp.stack(purities))


def _divergence(qubits: int, shares: jax.Array) -> jax.Array:
    """Returns the divergence of the shares of bins [bins] from those of fidelities of random states.

    For random states the share below F is 1 - (1 - F)^(2^Q - 1).
    """
    edges = np.linspace(0, 1, len(shares) + 1)
    survivors = (2**qubits - 1) * np.log1p(-edges[:-1])
    widths = (2**qubits - 1) * np.log1p(-1 / (len(shares) - np.arange(len(shares) - 1)))
    logs = survivors + np.log(-np.expm1(np.append(widths, -np.inf)))  # of differences, without underflow
    return jnp.sum(jnp.where(shares > 0, shares * (jnp.log(jnp.where(shares > 0, shares, 1)) - logs), 0))
