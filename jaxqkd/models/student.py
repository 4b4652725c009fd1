"""The quantum student: features to a state, through a trained circuit, expectation values to logits."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxqkd import checks, memory
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.models.layers import checked_taps, dense, tapped
from jaxqkd.quantum.encodings import Encoding, amplitude
from jaxqkd.quantum.initializers import Initializer, uniform
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.simulators import pauli, statevector
from jaxqkd.quantum.simulators.pauli import Estimator


class QuantumStudent(nn.Module):
    """A hybrid quantum model: features to a state, through a trained circuit, <Z> of measured qubits to logits.

    Attributes:
        circuit: The trained circuit, plain data.
        classes: Number of classes C.
        encoding: A function of features [..., D] and the number of qubits that returns states [..., 2^Q].
        measured: The qubits whose <Z> is read; all of them where None.
        head: "linear" for a trained classical layer after the measurement; "none" where the expectation values
            themselves are the logits, bounded by 1, which needs as many measured qubits as classes.
        input_width: Width of a trained linear layer before the encoding, or None for no such layer.
        initializer: A function `(key, circuit) -> theta [L, P]` of the first angles.
        noise: Channels and where they act, or None; strengths may be traced. `student.clone(noise=other)` is the
            same student under other noise, for the same parameters.
        estimator: How <Z> is found: exactly by default; see `jaxqkd.quantum.simulators.shots` and
            `jaxqkd.quantum.simulators.trajectories`.
        taps: What is returned beside the logits: "expectations", <Z> of the measured qubits [B, k], or "states",
            the final states [B, 2^Q], pure and so without noise, of which `jaxqkd.losses.reduced` gives density
            matrices. With taps the model returns a dict of `logits` and each of them; see `jaxqkd.losses.on`.

    References:
        Piperno et al., Quantum Enhanced Knowledge Distillation, QTML 2024.
    """

    circuit: Circuit
    classes: int
    encoding: Encoding = amplitude
    measured: Sequence[int] | None = None
    head: str = "linear"
    input_width: int | None = None
    initializer: Initializer = uniform
    noise: NoiseModel | None = None
    estimator: Estimator = pauli.expectations
    taps: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        checks.one_of("head", self.head, ("linear", "none"))
        measured = check_measured(self.measured, self.circuit.qubits)
        object.__setattr__(
            self, "measured", None if self.measured is None else measured
        )  # hashable, as linen wants it
        if self.input_width is not None:
            checks.integer("input_width", self.input_width)
        if self.head == "none":
            cure = f'Measure {self.classes} qubits, or use head="linear".'
            must = f'name as many qubits as the {self.classes} classes where head is "none"'
            checks.require(len(measured) == self.classes, "measured", must, f"{len(measured)} qubits", cure)
        if self.noise is not None:
            check(self.noise, self.circuit)
        object.__setattr__(self, "taps", checked_taps(self.taps, ("expectations", "states")))
        noisy = "states" in self.taps and self.noise is not None
        checks.require(not noisy, "taps", 'not hold "states" under noise, where they are mixed', self.taps)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array | dict[str, jax.Array]:
        """Returns logits [B, C] of features x [B, D], and the taps beside them if there are any."""
        inputs = x if self.input_width is None else dense(self.input_width, "input")(x)
        if self.is_initializing():  # customary with zeros, which have no direction; values do not matter here
            inputs = jnp.ones_like(inputs)
        memory.check_states(self.circuit.qubits, len(inputs))
        states = self.encoding(inputs, self.circuit.qubits)
        theta = self.param("theta", self.initializer, self.circuit)
        measured = check_measured(self.measured, self.circuit.qubits)
        noise = None if self.is_initializing() else self.noise
        read = self.estimator(self.circuit, theta, states, measured=measured, x=inputs, noise=noise)
        logits = read if self.head == "none" else dense(self.classes, "head")(read)
        return tapped(logits, {tap: self._tap(tap, theta, states, inputs, read) for tap in self.taps})

    def _tap(self, tap: str, theta: jax.Array, states: jax.Array, inputs: jax.Array, read: jax.Array) -> jax.Array:
        if tap == "expectations":
            return read
        real, imaginary = statevector.final_states(self.circuit, theta, states, x=inputs)
        return real + 1j * imaginary
