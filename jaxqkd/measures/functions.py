"""Measures of <Z> as a function of the trained angles and of the features."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.circuits.angles import features_of
from jaxqkd.measures.estimates import Estimate, mapped, mean, random_angles, read_out
from jaxqkd.types import Key


class Spectrum(NamedTuple):
    """Powers of the frequencies in the dependence of <Z> on a feature, as means over trained angles.

    Attributes:
        frequencies: The frequencies 0, 1, ... K.
        power: The mean of `|c|^2` of each [K + 1], summed over the measured qubits.
    """

    frequencies: np.ndarray
    power: Estimate


def gradient_variance(
    key: Key, circuit: Circuit, *, qubit: int = 0, samples: int = 1000, x: jax.Array | None = None
) -> Estimate:
    """Returns the variance of the derivatives of <Z> of a qubit by the trained angles, as a mean over the angles.

    If it falls exponentially with the number of qubits, the circuit has a barren plateau. The standard error is
    that of the mean over samples. `jaxqkd.diagnostics.gradient_variance` is the same for a model, its data, its
    initializer and its loss.

    Args:
        key: Random key.
        circuit: The circuit, with trained angles.
        qubit: The qubit that is read.
        samples: Number of random angles, at least 2.
        x: Features [D], where gates read them.
    """
    checks.integer("samples", samples, least=2)
    trains = circuit.shape[1] > 0
    checks.require(trains, "circuit", "have trained angles", "one without", "Give a rotation a theta.")
    slope = jax.grad(lambda theta: read_out(circuit, theta, x, check_measured([qubit], circuit.qubits))[0])
    slopes = mapped(lambda key: slope(random_angles(key, circuit)), key, samples)
    squares = (slopes - slopes.mean(axis=0, keepdims=True)) ** 2
    return mean(squares.mean(axis=(1, 2)) * samples / (samples - 1))


def fourier_spectrum(
    key: Key,
    circuit: Circuit,
    *,
    feature: int = 0,
    measured: tuple[int, ...] = (0,),
    samples: int = 200,
    x: jax.Array | None = None,
) -> Spectrum:
    """Returns the powers of the frequencies that <Z> has as a function of one feature, up to the highest possible.

    <Z>(x) is the sum of c_n exp(i n x), n = -K ... K, where K is the number of turns by the feature over all
    layers, times their factors. The powers of n and -n are equal; that of n is given. The standard errors are
    those of the means over samples.

    Args:
        key: Random key.
        circuit: The circuit, in which gates read the feature with whole factors and outside of products.
        feature: The index of the feature.
        measured: The measured qubits.
        samples: Number of random angles, at least 2.
        x: The other features [D], 0 by default.

    References:
        Schuld, Sweke, Meyer, Effect of data encoding on the expressive power of variational quantum-machine-
        learning models, Phys. Rev. A 103, 032430 (2021).
    """
    checks.integer("samples", samples, least=2)
    highest = _highest(circuit, feature)
    read = check_measured(measured, circuit.qubits)
    base = jnp.zeros(circuit.features) if x is None else jnp.asarray(x, float)
    points = 2 * jnp.pi * jnp.arange(2 * highest + 1) / (2 * highest + 1)
    rows = jnp.tile(base[None], (len(points), 1)).at[:, feature].set(points)

    def powers(key: Key) -> jax.Array:
        theta = random_angles(key, circuit)
        values = jax.vmap(lambda row: read_out(circuit, theta, row, read))(rows)
        coefficients = jnp.fft.rfft(values, axis=0) / len(points)
        return jnp.sum(jnp.abs(coefficients) ** 2, axis=1)

    return Spectrum(np.arange(highest + 1), mean(mapped(powers, key, samples)))


def _highest(circuit: Circuit, feature: int) -> int:
    """Returns the highest frequency that a feature can have."""
    known = 0 <= feature < circuit.features
    checks.require(known, "feature", f"be one of the circuit's {circuit.features} features", feature)
    total = 0
    for gates, times in ((circuit.prefix, 1), (circuit.gates, circuit.layers)):
        for gate in (gate for gate in gates if feature in features_of(gate)):
            plain = len(features_of(gate)) == 1 and gate.factor == int(gate.factor)
            checks.require(plain, "circuit", "read the feature with whole factors, and not in products", gate)
            total += times * abs(int(gate.factor))
    return total
