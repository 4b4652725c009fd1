"""The floor: the same sweep of the same fit, with a trained matrix in the circuit's place.

Whatever simulates a circuit has to multiply the examples by a complex matrix, read <Z>, and do all that a training
does besides. What jaxqkd takes more than this is the price of its circuit.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

import jaxqkd as jq
from benchmarks import ours
from benchmarks.peers import support
from benchmarks.work import CLASSES, Implementation, Start, Work


class Floor(nn.Module):
    """States [N, 2^Q] times one trained matrix, real and imaginary parts below each other, <Z>, a linear layer.

    Attributes:
        qubits: Number of qubits Q.
    """

    qubits: int

    @nn.compact
    def __call__(self, states: jax.Array) -> jax.Array:
        """Returns logits [N, C] of real states [N, 2^Q]."""
        size = 2**self.qubits
        matrix = self.param("matrix", nn.initializers.normal(), (2 * size, size))
        both = jnp.matmul(matrix, states.T, precision="highest")
        probabilities = both[:size] ** 2 + both[size:] ** 2
        bits = np.arange(size)[:, None] >> np.arange(self.qubits)[::-1] & 1
        signs = jnp.asarray(1.0 - 2.0 * bits, jnp.float32)
        z = jnp.matmul(signs.T, probabilities, precision="highest")
        return nn.Dense(CLASSES, name="head")(z.T)


def implementation(work: Work, chunk: int) -> Implementation:
    """Returns the floor of a work, with so many runs side by side on a core."""
    support.check(work, encodings=("amplitude",))
    data = ours.data(work)
    data = data._replace(x=jq.quantum.encodings.amplitude(data.x, work.qubits))
    gradient, train = ours.training(Floor(work.qubits), data, work, chunk=chunk)
    return Implementation(
        lambda start: gradient(_start(start, work)), lambda starts, epochs: train(_start(starts, work), epochs)
    )


def _start(start: Start, work: Work) -> Start:
    """Returns the start, or the starts, with a matrix in theta's place."""
    shape = (*start["bias"].shape[:-1], 2 ** (work.qubits + 1), 2**work.qubits)
    matrix = np.random.default_rng(3).normal(size=shape) / np.sqrt(2 ** (work.qubits + 1))
    return {"matrix": matrix.astype(np.float32), "kernel": start["kernel"], "bias": start["bias"]}
