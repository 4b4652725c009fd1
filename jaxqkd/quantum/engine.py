"""A batch of states through a circuit to expectation values.

Steps that no feature drives are computed once for all examples, all layers run in one scan, and the circuit is
contracted over the smaller side: its basis or the batch.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.quantum import contraction
from jaxqkd.quantum.circuits import Circuit, check_kept
from jaxqkd.quantum.steps import Dense, Local, Permutation, Phase, Step, signs, steps

PRECISION = "highest"
"""Of every product; accelerators otherwise round float32 to fewer bits, which errors of angles add to."""

Factors = tuple[jax.Array, ...]


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
    read = check_kept(kept, circuit.qubits)
    real, imaginary = final_states(circuit, theta, states, x=x)
    readout = jnp.asarray(signs(circuit.qubits)[:, list(read)], real.dtype)
    return jnp.matmul(real**2 + imaginary**2, readout, precision=PRECISION)


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
        final = jnp.matmul(states, columns.T, precision=PRECISION)
        return final.real, final.imag
    both = jnp.matmul(states, jnp.concatenate([columns.real, columns.imag]).T, precision=PRECISION)
    return both[:, :size], both[:, size:]


def unitary(circuit: Circuit, theta: jax.Array) -> jax.Array:
    """Returns the matrix [2^Q, 2^Q] of a circuit that no feature drives; column i is the image of state i."""
    return evolve(circuit, theta, jnp.eye(2**circuit.qubits))


def evolve(circuit: Circuit, theta: jax.Array, psi: jax.Array, *, x: jax.Array | None = None) -> jax.Array:
    """Returns psi [2^Q, B], whose columns are states, after the prefix and all layers of the circuit."""
    theta = jnp.asarray(theta, jnp.result_type(theta, float))
    psi = psi.astype(jnp.result_type(theta.dtype, jnp.complex64))
    features = jnp.zeros((psi.shape[1], 0)) if x is None else jnp.asarray(x, theta.dtype)
    for step in steps(circuit.prefix, circuit.qubits):
        psi = _apply(step, _driven(step, features) + _shared(step, theta[0]), psi)
    layer = steps(circuit.gates, circuit.qubits)
    driven = [_driven(step, features) for step in layer]
    shared = [jax.vmap(functools.partial(_shared, step))(circuit.scale * theta) for step in layer]

    def one_layer(psi: jax.Array, shared: list[Factors]) -> tuple[jax.Array, None]:
        for step, own, common in zip(layer, driven, shared, strict=True):
            psi = _apply(step, own + common, psi)
        return psi, None

    return jax.lax.scan(one_layer, psi, shared, length=circuit.layers)[0]


def _driven(step: Step, x: jax.Array) -> Factors:
    """Returns the factors of a step that features x [B, D] drive, one set an example; none for other steps."""
    return jax.vmap(functools.partial(_factors, step))(x) if step.is_driven else ()


def _shared(step: Step, theta: jax.Array) -> Factors:
    """Returns the factors that all examples share, given a layer's angles [P]; none for a driven step."""
    return () if step.is_driven else _factors(step, theta)


def _factors(step: Step, angles: jax.Array) -> Factors:
    """Returns the arrays that a step multiplies states by, given the angles that its indices refer to."""
    if isinstance(step, Local):
        return _windows(step, angles)
    if isinstance(step, Dense):
        gate = [(step.name, range(len(step.qubits)))]
        return (contraction.matrix(gate, len(step.qubits), angles[step.angles]),)
    if isinstance(step, Phase):
        generators = jnp.asarray(step.generators, angles.dtype)
        turned = jnp.matmul(angles[step.angles], generators, precision=PRECISION)
        return (jnp.exp(-1j * (turned + jnp.asarray(step.fixed, angles.dtype))),)
    return ()


def _windows(step: Local, angles: jax.Array) -> Factors:
    """Returns one matrix a window: the Kronecker product of its qubits' matrices."""
    single: dict[int, jax.Array] = {}
    for names, qubits, indices in step.patterns:
        gates = [(name, (0,)) for name in names]
        contract = functools.partial(contraction.matrix, gates, 1)
        single |= dict(zip(qubits, jax.vmap(contract)(angles[indices]), strict=True))
    one = jnp.eye(2, dtype=jnp.result_type(angles.dtype, jnp.complex64))
    return tuple(functools.reduce(jnp.kron, [single.get(qubit, one) for qubit in w]) for w in step.windows)


def _apply(step: Step, factors: Factors, psi: jax.Array) -> jax.Array:
    """Returns the columns psi [2^Q, B] after a step; each column has factors of its own if it is driven."""
    if isinstance(step, Permutation):
        return psi[step.source]
    if step.is_driven:
        return jax.vmap(functools.partial(_multiply, step), in_axes=(0, 1), out_axes=1)(factors, psi)
    return _multiply(step, factors, psi)


def _multiply(step: Local | Phase | Dense, factors: Factors, psi: jax.Array) -> jax.Array:
    if isinstance(step, Phase):
        return psi * factors[0].reshape(-1, *[1] * (psi.ndim - 1))
    if isinstance(step, Dense):
        return _on_any_qubits(factors[0], step.qubits, psi)
    for window, factor in zip(step.windows, factors, strict=True):
        grouped = psi.reshape(2 ** window[0], 2 ** len(window), -1)
        psi = jnp.einsum("ij,ajb->aib", factor, grouped, precision=PRECISION).reshape(psi.shape)
    return psi


def _on_any_qubits(factor: jax.Array, places: Sequence[int], psi: jax.Array) -> jax.Array:
    qubits, width = psi.shape[0].bit_length() - 1, len(places)
    legs = jnp.moveaxis(psi.reshape(*[2] * qubits, -1), places, range(width))
    turned = jnp.matmul(factor, legs.reshape(2**width, -1), precision=PRECISION).reshape(legs.shape)
    return jnp.moveaxis(turned, range(width), places).reshape(psi.shape)


def _check_shapes(circuit: Circuit, theta: jax.Array, states: jax.Array, x: jax.Array | None) -> None:
    must = f"have the circuit's shape (layers, angles a layer) = {circuit.shape}"
    checks.require(theta.shape == circuit.shape, "theta", must, theta.shape)
    size = 2**circuit.qubits
    good = states.ndim == 2 and states.shape[1] == size
    checks.require(good, "states", f"have the shape [B, {size}]", states.shape)
    found = () if x is None else x.shape
    fits = len(found) == 2 and found[0] == len(states) and found[1] >= circuit.features
    must = f"have the shape [{len(states)}, D] and hold the {circuit.features} features that gates read"
    checks.require(fits or not circuit.features, "x", must, "None" if x is None else found)
