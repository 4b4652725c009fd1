"""Models as flax linen modules: the classical `Linear` and `MLP`, and the `QuantumStudent`."""

from collections.abc import Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxqkd import checks, memory
from jaxqkd.quantum import engine, evolution
from jaxqkd.quantum.circuits import Circuit, check_kept
from jaxqkd.quantum.encodings import Encoding, amplitude
from jaxqkd.quantum.evolution import Estimator
from jaxqkd.quantum.initialisers import Initialiser, uniform
from jaxqkd.quantum.noise import Noise, check
from jaxqkd.types import Model, Params


class Linear(nn.Module):
    """One linear layer from the features to the logits: the smallest classical student.

    Attributes:
        classes: Number of classes C.
    """

    classes: int

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Returns logits [B, C] of features x [B, D]."""
        return _dense(self.classes, "head")(x)


class MLP(nn.Module):
    """A multilayer perceptron with ReLU between its layers.

    Attributes:
        features: Widths of the hidden layers.
        classes: Number of classes C.
        taps: What is returned beside the logits: "hidden", the last hidden layer [B, features[-1]]. With taps the
            model returns a dict of `logits` and each of them; see `jaxqkd.losses.on`.
    """

    features: Sequence[int]
    classes: int
    taps: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        object.__setattr__(self, "features", tuple(self.features))  # hashable, as linen wants it
        for width in self.features:
            checks.integer("features", width)
        object.__setattr__(self, "taps", _checked_taps(self.taps, ("hidden",)))
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array | dict[str, jax.Array]:
        """Returns logits [B, C] of features x [B, D], and the taps beside them if there are any."""
        for width in self.features:
            x = nn.relu(_dense(width)(x))
        return _tapped(_dense(self.classes, "head")(x), dict.fromkeys(self.taps, x))


class QuantumStudent(nn.Module):
    """A hybrid quantum model: features to a state, through a trained circuit, <Z> of kept qubits to logits.

    Attributes:
        circuit: The trained circuit, plain data.
        classes: Number of classes C.
        encoding: A function of features [..., D] and the number of qubits that returns states [..., 2^Q].
        kept: The qubits whose <Z> is read; all of them where None.
        head: "linear" for a trained classical layer after the measurement; "none" where the expectation values
            themselves are the logits, bounded by 1, which needs as many kept qubits as classes.
        input_width: Width of a trained linear layer before the encoding, or None for no such layer.
        initialiser: A function `(key, circuit) -> theta [L, P]` of the first angles.
        noise: Channels and where they act, or None; strengths may be traced. `student.clone(noise=other)` is the
            same student under other noise, for the same parameters.
        estimator: How <Z> is found: exactly by default; see `jaxqkd.sampling` and `jaxqkd.trajectories`.
        taps: What is returned beside the logits: "expectations", <Z> of the kept qubits [B, k], or "states", the
            final states [B, 2^Q], pure and so without noise, of which `jaxqkd.losses.reduced` gives density
            matrices. With taps the model returns a dict of `logits` and each of them; see `jaxqkd.losses.on`.

    References:
        Piperno et al., Quantum Enhanced Knowledge Distillation, QTML 2024.
    """

    circuit: Circuit
    classes: int
    encoding: Encoding = amplitude
    kept: Sequence[int] | None = None
    head: str = "linear"
    input_width: int | None = None
    initialiser: Initialiser = uniform
    noise: Noise | None = None
    estimator: Estimator = evolution.expectations
    taps: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        checks.one_of("head", self.head, ("linear", "none"))
        kept = check_kept(self.kept, self.circuit.qubits)
        object.__setattr__(self, "kept", None if self.kept is None else kept)  # hashable, as linen wants it
        if self.input_width is not None:
            checks.integer("input_width", self.input_width)
        if self.head == "none":
            cure = f'Keep {self.classes} qubits, or use head="linear".'
            must = f'name as many qubits as the {self.classes} classes where head is "none"'
            checks.require(len(kept) == self.classes, "kept", must, f"{len(kept)} qubits", cure)
        if self.noise is not None:
            check(self.noise, self.circuit, kept)
        object.__setattr__(self, "taps", _checked_taps(self.taps, ("expectations", "states")))
        noisy = "states" in self.taps and self.noise is not None
        checks.require(not noisy, "taps", 'not hold "states" under noise, where they are mixed', self.taps)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array | dict[str, jax.Array]:
        """Returns logits [B, C] of features x [B, D], and the taps beside them if there are any."""
        inputs = x if self.input_width is None else _dense(self.input_width, "input")(x)
        if self.is_initializing():  # customary with zeros, which have no direction; values do not matter here
            inputs = jnp.ones_like(inputs)
        memory.check_states(self.circuit.qubits, len(inputs))
        states = self.encoding(inputs, self.circuit.qubits)
        theta = self.param("theta", self.initialiser, self.circuit)
        kept = check_kept(self.kept, self.circuit.qubits)
        noise = None if self.is_initializing() else self.noise
        read = self.estimator(self.circuit, theta, states, kept=kept, x=inputs, noise=noise)
        logits = read if self.head == "none" else _dense(self.classes, "head")(read)
        return _tapped(logits, {tap: self._tap(tap, theta, states, inputs, read) for tap in self.taps})

    def _tap(self, tap: str, theta: jax.Array, states: jax.Array, inputs: jax.Array, read: jax.Array) -> jax.Array:
        if tap == "expectations":
            return read
        real, imaginary = engine.final_states(self.circuit, theta, states, x=inputs)
        return real + 1j * imaginary


class Projected(nn.Module):
    """A model one of whose taps goes through a trained linear layer, for hints of another width.

    Attributes:
        model: A model with the tap.
        tap: Name of the tap.
        width: Number of the teacher's features.

    References:
        Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
    """

    model: nn.Module
    tap: str
    width: int

    def __post_init__(self) -> None:
        checks.integer("width", self.width)
        if hasattr(self.model, "taps"):
            checks.one_of("tap", self.tap, tuple(self.model.taps))
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """Returns the model's logits and taps of features x [B, D], the projected one [B, width]."""
        out = self.model(x)
        return out | {self.tap: _dense(self.width, "projector")(out[self.tap])}


class ParameterCount(NamedTuple):
    """How many trained numbers a model has: those of classical layers, and angles of quantum gates."""

    classical: int
    quantum: int

    @property
    def total(self) -> int:
        """The sum of both."""
        return self.classical + self.quantum


def count_parameters(model: Model, features: int) -> ParameterCount:
    """Returns the model's number of parameters for so many features, without computing any.

    Angles are the leaves named `theta`, all other leaves are classical.

    Example:
        >>> count_parameters(Linear(classes=3), features=64)
        ParameterCount(classical=195, quantum=0)
    """
    checks.integer("features", features)
    params: Params = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, features)))
    sizes = {"classical": 0, "quantum": 0}
    for path, leaf in jax.tree.leaves_with_path(params):
        is_angle = getattr(path[-1], "key", None) == "theta"
        sizes["quantum" if is_angle else "classical"] += leaf.size
    return ParameterCount(**sizes)


def _checked_taps(taps: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of taps as a tuple, hashable, as linen wants it."""
    listed = not isinstance(taps, str)
    checks.require(listed, "taps", "be a sequence of names", repr(taps), f"Write ({taps!r},).")
    for tap in taps:
        checks.one_of("taps", tap, known)
    return tuple(taps)


def _tapped(logits: jax.Array, taps: dict[str, jax.Array]) -> jax.Array | dict[str, jax.Array]:
    return {"logits": logits, **taps} if taps else logits


def _dense(width: int, name: str | None = None) -> nn.Dense:
    """Returns a linear layer whose parameters have jax's default float type."""
    return nn.Dense(width, param_dtype=jnp.zeros(()).dtype, name=name)
