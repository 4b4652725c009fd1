"""The quantum student: features to a state, through a trained circuit, and what is read of it to logits."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxqkd import checks, memory
from jaxqkd.circuits import Circuit, check_measured
from jaxqkd.models.layers import checked_taps, dense, tapped
from jaxqkd.quantum import readouts
from jaxqkd.quantum.encodings import Encoding, amplitude
from jaxqkd.quantum.initializers import Initializer, uniform
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.readouts import Readout
from jaxqkd.quantum.simulators import EXACT, STREAM, Simulator


class QuantumStudent(nn.Module):
    """A hybrid quantum model: features to a state, through a trained circuit, what is read to logits.

    Attributes:
        circuit: The trained circuit, plain data.
        classes: Number of classes C.
        encoding: A function of features [..., D] and the number of qubits that returns states [..., 2^Q].
        measured: The qubits that are measured; all of them where None.
        readout: What is read of them: <Z> of each by default, another Pauli matrix, the parity, the probabilities
            of outcomes, or a list of Pauli strings of a letter a measured qubit; see `jaxqkd.quantum.readouts`.
        head: "linear" for a trained classical layer after the measurement; "none" where the values that are read
            are themselves the logits, bounded by 1, which needs as many of them as classes.
        input_width: Width of a trained linear layer before the encoding, or None for no such layer.
        initializer: A function `(key, circuit) -> theta [L, P]` of the first angles.
        noise: Channels and where they act, or None; strengths may be traced. `student.clone(noise=other)` is the
            same student under other noise, for the same parameters.
        simulator: How they are computed, exactly by default; see `jaxqkd.simulators`. A sampled student needs a
            key: `student.apply(params, x, rngs={"shots": key})`. `student.clone(simulator=other)` is the same
            student by another simulator, for the same parameters.
        taps: What is returned beside the logits: "expectations", the values that are read [B, n], or "states",
            the final states [B, 2^Q], which are pure only without noise; `jaxqkd.losses.reduced` gives their
            density matrices. With taps the model returns a dict of `logits` and taps; see `jaxqkd.losses.on`.

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
    simulator: Simulator = EXACT
    taps: Sequence[str] = ()
    readout: Readout | Sequence[str] = readouts.Z

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        checks.one_of("head", self.head, ("linear", "none"))
        measured = check_measured(self.measured, self.circuit.qubits)
        if self.measured is not None:
            object.__setattr__(self, "measured", measured)  # hashable, as linen wants it
        if self.input_width is not None:
            checks.integer("input_width", self.input_width)
        readout = readouts.checked(self.readout, len(measured))
        object.__setattr__(self, "readout", readout)  # hashable, as linen wants it
        if self.head == "none":
            self._check_outputs(readout, len(measured))
        known = hasattr(self.simulator, "expectations")
        cure = "Write jaxqkd.simulators.exact(), shots(1000), or another of its simulators, with the parentheses."
        checks.require(known, "simulator", "be a simulator", repr(self.simulator), cure)
        if self.noise is not None:
            check(self.noise, self.circuit)
        object.__setattr__(self, "taps", checked_taps(self.taps, ("expectations", "states")))
        noisy = "states" in self.taps and self.noise is not None
        checks.require(not noisy, "taps", 'not hold "states" under noise, where they are mixed', self.taps)
        super().__post_init__()

    def _check_outputs(self, readout: Readout, qubits: int) -> None:
        """Refuses another number of values than classes where these are the logits."""
        if readout == readouts.Z:
            cure = f'Measure {self.classes} qubits, or use head="linear".'
            must = f'name as many qubits as the {self.classes} classes where head is "none"'
            checks.require(qubits == self.classes, "measured", must, f"{qubits} qubits", cure)
        count = readouts.size(readout, qubits)
        must = f'give as many values as the {self.classes} classes where head is "none"'
        checks.require(count == self.classes, "readout", must, f"one of {count}", 'Use head="linear".')

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams that `apply` draws from: those of the simulator."""
        return self.simulator.rngs

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array | dict[str, jax.Array]:
        """Returns logits [B, C] of features x [B, D], and the taps beside them if there are any."""
        inputs = x if self.input_width is None else dense(self.input_width, "input")(x)
        if self.is_initializing():  # customary with zeros, which have no direction; values do not matter here
            inputs = jnp.ones_like(inputs)
        memory.check_states(self.circuit.qubits, len(inputs))
        states = self.encoding(inputs, self.circuit.qubits)
        theta = self.param("theta", self.initializer, self.circuit)
        z = self._expectations(theta, states, inputs)
        logits = z if self.head == "none" else dense(self.classes, "head")(z)
        taps = {"expectations": z} if "expectations" in self.taps else {}
        if "states" in self.taps:
            taps["states"] = self.simulator.final_states(self.circuit, theta, states, x=inputs)
        return tapped(logits, taps)

    def _expectations(self, theta: jax.Array, states: jax.Array, x: jax.Array) -> jax.Array:
        measured = check_measured(self.measured, self.circuit.qubits)
        readout = readouts.checked(self.readout, len(measured))
        if self.is_initializing():  # which needs shapes alone
            return EXACT.expectations(self.circuit, theta, states, measured=measured, x=x, readout=readout)
        key = self.make_rng(STREAM) if self._is_sampled() else None
        options: dict[str, Any] = {"measured": measured, "x": x, "noise": self.noise, "key": key}
        return self.simulator.expectations(self.circuit, theta, states, **options, readout=readout)

    def _is_sampled(self) -> bool:
        """Returns whether the simulator draws; refuses that without a key."""
        if not self.rngs:
            return False
        must = f'hold a key named "{STREAM}" where the student is sampled'
        cure = f'Write apply(params, x, rngs={{"{STREAM}": key}}), or clone(simulator=jaxqkd.simulators.exact()).'
        checks.require(self.has_rng(STREAM), "rngs", must, "without it", cure)
        return True
