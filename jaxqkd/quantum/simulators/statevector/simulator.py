"""The state vector: a batch of states is carried through a circuit, and <Z> is read.

Steps that no feature drives are computed once for all examples, the layers are one scan, and the circuit is
contracted over the smaller side: its basis or the batch.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.circuits import Circuit, check_measured, resolved
from jaxqkd.quantum.simulators.statevector import rolled
from jaxqkd.quantum.simulators.statevector.contraction import matrix
from jaxqkd.quantum.simulators.statevector.lowering import Local, Permutation, Phase, Step, signs, steps

PRECISION = "highest"
"""Of every product; accelerators otherwise round float32 to fewer bits."""

Factors = tuple[jax.Array, ...]


def expectations(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
) -> jax.Array:
    """Returns <Z> [B, k] of each measured qubit after the circuit; see `jaxqkd.simulators.Simulator`.

    Where no feature drives a gate of a layer, the circuit does not depend on the data: with more examples than
    basis states, the basis is carried through it once, and the batch is one matrix product. Else the batch is
    carried through the circuit.
    """
    read = check_measured(measured, circuit.qubits)
    real, imaginary = _final(circuit, theta, states, x)
    readout = jnp.asarray(signs(circuit.qubits)[:, list(read)].T, real.dtype)
    return jnp.matmul(readout, real**2 + imaginary**2, precision=PRECISION).T


def final_states(
    circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
) -> tuple[jax.Array, jax.Array]:
    """Returns the real and the imaginary parts [B, 2^Q] of the states after the circuit."""
    real, imaginary = _final(circuit, theta, states, x)
    return real.T, imaginary.T


def explain(circuit: Circuit) -> str:
    """Returns in plain words how the circuit is simulated."""
    size = 2**circuit.qubits
    start = f"Fused kernels simulate the state vector of 2^{circuit.qubits} amplitudes exactly."
    if _drives_layers(circuit):
        return f"{start} Features drive gates of a layer, so the batch of states is carried through the circuit."
    return (
        f"{start} No feature drives a gate of a layer, so a batch of more than {size} states is one product with "
        "the matrix of the circuit, which is computed once; a smaller batch is carried through the circuit."
    )


def unitary(circuit: Circuit, theta: jax.Array) -> jax.Array:
    """Returns the matrix [2^Q, 2^Q] of a circuit that no feature drives; column i is the image of state i."""
    return evolve(circuit, theta, jnp.eye(2**circuit.qubits))


def evolve(circuit: Circuit, theta: jax.Array, psi: jax.Array, *, x: jax.Array | None = None) -> jax.Array:
    """Returns psi [2^Q, B], whose columns are states, after the prefix and all layers of the circuit."""
    circuit, theta, x = resolved(circuit, theta, x)
    return _layers(circuit, theta, _prefix(circuit, psi, x), x)


def _final(
    circuit: Circuit, theta: jax.Array, states: jax.Array, x: jax.Array | None
) -> tuple[jax.Array, jax.Array]:
    """Returns the parts [2^Q, B] of the final states: basis states are rows, so that no product is transposed."""
    check_shapes(circuit, theta, states, x)
    circuit, theta, x = resolved(circuit, theta, x)
    batch, size = states.shape
    psi = states.T
    if batch <= size or _drives_layers(circuit):
        final = evolve(circuit, theta, psi, x=x)
        return final.real, final.imag
    if circuit.features:  # of the prefix alone, which is then a part of the encoding
        psi, columns = _prefix(circuit, psi, x), _layers(circuit, theta, jnp.eye(size), None)
    else:
        columns = unitary(circuit, theta)
    if jnp.iscomplexobj(psi):
        final = jnp.matmul(columns, psi, precision=PRECISION)
        return final.real, final.imag
    both = jnp.matmul(jnp.concatenate([columns.real, columns.imag]), psi, precision=PRECISION)
    return both[:size], both[size:]


def _prefix(circuit: Circuit, psi: jax.Array, x: jax.Array | None) -> jax.Array:
    """Returns the columns psi [2^Q, B] after the gates before the first layer, which no trained angle turns."""
    for step in steps(circuit.prefix, circuit.qubits):
        psi = _apply(step, _factors(step, jnp.zeros(0, psi.real.dtype), x), psi)
    return psi


def _layers(circuit: Circuit, theta: jax.Array, psi: jax.Array, x: jax.Array | None) -> jax.Array:
    """Returns the columns psi [2^Q, B] after all layers, which are one scan."""
    theta = jnp.asarray(theta, jnp.result_type(theta, float))
    if rolled.is_long(circuit.gates, circuit.qubits):
        return _rolled(circuit, theta, psi, x)
    layer = steps(circuit.gates, circuit.qubits)
    driven = [_factors(step, theta[0], x) if _is_driven(step) else () for step in layer]  # the same in each layer
    trained = [
        () if _is_driven(step) else jax.vmap(functools.partial(_factors, step))(circuit.scale * theta)
        for step in layer
    ]
    psi = psi.astype(jnp.result_type(theta.dtype, jnp.complex64))
    if len(layer) > 1 and _is_trained_phase(layer[0]) and _is_trained_phase(layer[-1]):
        psi, trained = _join_ends(psi, trained)
        layer, driven = layer[1:], driven[1:]

    @functools.partial(jax.checkpoint, prevent_cse=False)  # the gradient keeps one state a layer, not one a step
    def one_layer(psi: jax.Array, trained: list[Factors]) -> tuple[jax.Array, None]:
        for step, same, own in zip(layer, driven, trained, strict=True):
            psi = _apply(step, same + own, psi)
        return psi, None

    return jax.lax.scan(one_layer, psi, trained, length=circuit.layers)[0]


def _rolled(circuit: Circuit, theta: jax.Array, psi: jax.Array, x: jax.Array | None) -> jax.Array:
    """Returns the columns psi [2^Q, B] after all layers, each a scan over rounds."""
    psi = psi.astype(jnp.result_type(theta.dtype, jnp.complex64))
    rounds = rolled.rounds(circuit.gates, circuit.qubits)

    def one_layer(psi: jax.Array, angles: jax.Array) -> tuple[jax.Array, None]:
        return rolled.layer(rounds, circuit.qubits, angles, psi, x), None

    return jax.lax.scan(one_layer, psi, circuit.scale * theta)[0]


def _join_ends(psi: jax.Array, trained: list[Factors]) -> tuple[jax.Array, list[Factors]]:
    """Returns psi and the factors [L, ...] after the first phases of each layer join the last of the layer before.

    The first phases of the first layer act on psi; the last ones of the last layer stay as they are.
    """
    ((first,), *rest) = trained
    (last,) = rest[-1]
    psi = psi * first[0]
    return psi, [*rest[:-1], (last * jnp.concatenate([first[1:], jnp.ones_like(first[:1])]),)]


def _drives_layers(circuit: Circuit) -> bool:
    """Returns whether a feature drives a gate of a layer."""
    return any(gate.x is not None for gate in circuit.gates)


def _is_trained_phase(step: Step) -> bool:
    return isinstance(step, Phase) and not step.is_driven


def _is_driven(step: Step) -> bool:
    return isinstance(step, Phase) and step.is_driven


def _factors(step: Step, theta: jax.Array, x: jax.Array | None = None) -> Factors:
    """Returns the arrays that a step multiplies states by, given a layer's angles [P] and features x [B, D]."""
    if isinstance(step, Local):
        return _windows(step, theta)
    if isinstance(step, Phase):
        angles = jnp.asarray(x, theta.dtype).T if step.is_driven else theta[:, None]
        turned = jnp.matmul(jnp.asarray(step.generators, theta.dtype), angles[step.angles], precision=PRECISION)
        phases = jnp.exp(-1j * turned)
        return (phases * jnp.asarray(step.fixed[:, None], phases.dtype),)
    return ()


def _windows(step: Local, angles: jax.Array) -> Factors:
    """Returns one real matrix a window: the Kronecker product of its qubits' matrices."""
    single: dict[int, jax.Array] = {}
    for names, qubits, indices in step.patterns:
        gates = [(name, (0,)) for name in names]
        contract = functools.partial(matrix, gates, 1)
        single |= dict(zip(qubits, jax.vmap(contract)(angles[indices]).real, strict=True))
    one = jnp.eye(2, dtype=angles.dtype)
    return tuple(functools.reduce(jnp.kron, [single.get(qubit, one) for qubit in w]) for w in step.windows)


def _apply(step: Step, factors: Factors, psi: jax.Array) -> jax.Array:
    """Returns the columns psi [2^Q, B] after a step."""
    if isinstance(step, Permutation):
        return psi[step.source]
    if isinstance(step, Phase):
        return psi * factors[0]
    return rolled.local(psi, step.windows, factors)


def check_shapes(circuit: Circuit, theta: jax.Array, states: jax.Array, x: jax.Array | None) -> None:
    """Refuses angles, states and features whose shapes do not fit the circuit or each other."""
    must = f"have the circuit's shape (layers, angles a layer) = {circuit.shape}"
    checks.require(theta.shape == circuit.shape, "theta", must, theta.shape)
    size = 2**circuit.qubits
    good = states.ndim == 2 and states.shape[1] == size
    checks.require(good, "states", f"have the shape [B, {size}]", states.shape)
    found = () if x is None else x.shape
    fits = len(found) == 2 and found[0] == len(states) and found[1] >= circuit.features
    must = f"have the shape [{len(states)}, D] and hold the {circuit.features} features that gates read"
    checks.require(fits or not circuit.features, "x", must, "None" if x is None else found)
