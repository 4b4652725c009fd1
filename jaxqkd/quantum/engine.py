"""A batch of states through a circuit to expectation values.

Steps that no feature drives are computed once for all examples, all layers run in one scan, and the circuit is
contracted over the smaller side: its basis or the batch.
"""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.quantum import contraction
from jaxqkd.quantum.circuits import Circuit, Gate
from jaxqkd.quantum.steps import Block, Permutation, Phase, Step, signs, steps


def expectations(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    kept: Sequence[int],
    x: jax.Array | None = None,
) -> jax.Array:
    """Returns <Z> of each kept qubit after the circuit, for each state.

    The circuit does not depend on the data unless a feature drives a gate. Then, with more examples than basis
    states, the basis is carried through it once and the batch is one matrix product; else the batch is carried.

    Args:
        circuit: The gates.
        theta: Trained angles [L, P] in radians, before the circuit's scale.
        states: Encoded states [B, 2^Q], real or complex.
        kept: The qubits that are read.
        x: Features [B, D], where a gate of the circuit reads them.

    Returns:
        Expectation values [B, len(kept)] in [-1, 1].
    """
    readout = jnp.asarray(signs(circuit.qubits)[:, list(kept)], theta.dtype)
    real, imaginary = final_states(circuit, theta, states, x=x)
    return (real**2 + imaginary**2) @ readout


def final_states(
    circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
) -> tuple[jax.Array, jax.Array]:
    """Returns the real and the imaginary parts [B, 2^Q] of the states after the circuit.

    Args:
        circuit: The gates.
        theta: Trained angles [L, P] in radians, before the circuit's scale.
        states: States [B, 2^Q] before the circuit, real or complex.
        x: Features [B, D], where a gate of the circuit reads them.
    """
    _check_shapes(circuit, theta, states, x)
    batch, size = states.shape
    if circuit.features or batch <= size:
        final = evolve(circuit, theta, states.T, x=x).T
        return final.real, final.imag
    columns = unitary(circuit, theta)
    if jnp.iscomplexobj(states):
        final = states @ columns.T
        return final.real, final.imag
    both = states @ jnp.concatenate([columns.real, columns.imag]).T
    return both[:, :size], both[:, size:]


def unitary(circuit: Circuit, theta: jax.Array) -> jax.Array:
    """Returns the matrix [2^Q, 2^Q] of a circuit that no feature drives; column i is the image of state i."""
    return evolve(circuit, theta, jnp.eye(2**circuit.qubits, dtype=theta.dtype))


def evolve(circuit: Circuit, theta: jax.Array, psi: jax.Array, *, x: jax.Array | None = None) -> jax.Array:
    """Returns psi [2^Q, B], whose columns are states, after the prefix and all layers of the circuit."""
    psi = psi.astype(jnp.result_type(theta.dtype, jnp.complex64))
    for step in steps(circuit.prefix, circuit.qubits):
        psi = _apply(step, _tensor(step, None, x), psi)
    layer = steps(circuit.gates, circuit.qubits)
    angles = circuit.scale * theta
    driven = [_tensor(step, None, x) if step.is_driven else None for step in layer]
    trained = [None if step.is_driven else jax.vmap(functools.partial(_tensor, step))(angles) for step in layer]

    def one_layer(psi: jax.Array, trained: list) -> tuple[jax.Array, None]:
        for step, shared, own in zip(layer, trained, driven, strict=True):
            psi = _apply(step, shared if own is None else own, psi)
        return psi, None

    return jax.lax.scan(one_layer, psi, trained, length=circuit.layers)[0]


def _tensor(step: Step, angles: jax.Array | None, x: jax.Array | None = None) -> jax.Array | None:
    """Returns what a step multiplies by, given a layer's angles [P]; per example where x drives it."""
    if isinstance(step, Permutation):
        return None
    if step.is_driven:
        assert x is not None
        return jax.vmap(lambda row: _value(step, lambda gate: None if gate.x is None else row[gate.x]))(x)
    return _value(step, lambda gate: None if angles is None or gate.theta is None else angles[gate.theta])


def _value(step: Block | Phase, angle: Callable[[Gate], jax.Array | None]) -> jax.Array:
    if isinstance(step, Block):
        return contraction.matrix(step.gates, step.qubits, angle)
    found = [angle(gate) for gate in step.gates]
    radians = jnp.stack([jnp.asarray(np.pi if value is None else value, float) for value in found])
    return jnp.exp(-1j * (radians @ jnp.asarray(step.generators, radians.dtype)))


def _apply(step: Step, tensor: jax.Array | None, psi: jax.Array) -> jax.Array:
    """Returns the columns psi [2^Q, B], or one state [2^Q], after a step."""
    if isinstance(step, Permutation):
        return psi[step.source]
    assert tensor is not None
    if step.is_driven:
        return jax.vmap(functools.partial(_multiply, step), in_axes=(0, 1), out_axes=1)(tensor, psi)
    return _multiply(step, tensor, psi)


def _multiply(step: Block | Phase, tensor: jax.Array, psi: jax.Array) -> jax.Array:
    if isinstance(step, Phase):
        return psi * tensor.reshape(-1, *[1] * (psi.ndim - 1))
    first, width = step.qubits[0], len(step.qubits)
    if step.qubits == tuple(range(first, first + width)):
        grouped = psi.reshape(2**first, 2**width, -1)
        return jnp.einsum("ij,ajb->aib", tensor, grouped).reshape(psi.shape)
    qubits = psi.shape[0].bit_length() - 1
    legs = jnp.moveaxis(psi.reshape(*[2] * qubits, -1), step.qubits, range(width))
    turned = (tensor @ legs.reshape(2**width, -1)).reshape(legs.shape)
    return jnp.moveaxis(turned, range(width), step.qubits).reshape(psi.shape)


def _check_shapes(circuit: Circuit, theta: jax.Array, states: jax.Array, x: jax.Array | None) -> None:
    must = f"have the circuit's shape (layers, angles a layer) = {circuit.shape}"
    checks.require(theta.shape == circuit.shape, "theta", must, theta.shape)
    size = 2**circuit.qubits
    good = states.ndim == 2 and states.shape[1] == size
    checks.require(good, "states", f"have the shape [B, {size}]", states.shape)
    given = 0 if x is None else x.shape[-1]
    must = f"hold the {circuit.features} features that gates read"
    checks.require(given >= circuit.features, "x", must, f"{given} features")
