"""Long layers as a scan: many different steps in rounds of one form, so that the compiled program does not grow.

A round is real gates on every qubit, phases of trained angles, phases of features, and a permutation, in this
order; what a round lacks is the identity. A layer of hundreds of gates that do not repeat compiles in seconds so.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits import GATES, Gate, GateSpec
from jaxqkd.quantum.simulators.statevector.contraction import matrix
from jaxqkd.quantum.simulators.statevector.lowering import BLOCK_QUBITS, Local, Permutation, Phase, Step, steps

LONG = 64
"""Steps above which a layer is rolled; the programs of shorter ones are faster, and small enough."""

PRECISION = "highest"


class Single(NamedTuple):
    """Where one-qubit gates of a name are.

    Attributes:
        name: The name, or the `GateSpec`.
        places: Round, order in the round, and qubit of each [3, n].
        angles: Index of the angle of each [n], or nothing for a gate without one [n, 0].
    """

    name: str | GateSpec
    places: np.ndarray
    angles: np.ndarray


class Phases(NamedTuple):
    """Phases of all rounds: indices of angles [M, n], generators [M, 2^Q, n] and fixed diagonals [M, 2^Q]."""

    angles: np.ndarray
    generators: np.ndarray
    fixed: np.ndarray


class Rounds(NamedTuple):
    """M rounds that have the effect of a layer.

    Attributes:
        number: The number M.
        single: The real one-qubit gates.
        trained: Phases of trained angles.
        driven: Phases of features, or None where there are none.
        source: Where each amplitude comes from [M, 2^Q].
        inverse: The inverse of these permutations.
    """

    number: int
    single: tuple[Single, ...]
    trained: Phases
    driven: Phases | None
    source: np.ndarray
    inverse: np.ndarray


def is_long(gates: tuple[Gate, ...], qubits: int) -> bool:
    """Returns whether a layer has so many steps that it is rolled."""
    return len(steps(gates, qubits)) > LONG


@functools.cache
def rounds(gates: tuple[Gate, ...], qubits: int) -> Rounds:
    """Returns the rounds of a layer."""
    placed: list[dict[int, Step]] = [{}]
    for step in steps(gates, qubits):
        if any(kind >= _kind(step) for kind in placed[-1]):
            placed.append({})
        placed[-1][_kind(step)] = step
    source = np.tile(np.arange(2**qubits, dtype=np.int32), (len(placed), 1))
    for place, one in enumerate(placed):
        last = one.get(3)
        if isinstance(last, Permutation):
            source[place] = last.source
    trained, driven = (_phases([one.get(kind) for one in placed], qubits) for kind in (1, 2))
    inverse = np.argsort(source, axis=1).astype(np.int32)
    is_driven = any(2 in one for one in placed)
    return Rounds(len(placed), _single(placed), trained, driven if is_driven else None, source, inverse)


def layer(of: Rounds, qubits: int, theta: jax.Array, psi: jax.Array, x: jax.Array | None) -> jax.Array:
    """Returns the columns psi [2^Q, B] after the rounds, for a layer's angles theta [P] and features x [B, D]."""
    windows = _windows(qubits)
    features = None if of.driven is None else jnp.asarray(x, theta.dtype).T
    driven = () if of.driven is None else (of.driven.angles, jnp.asarray(of.driven.generators, theta.dtype))
    inputs = _blocks(of, windows, theta), _factors(of.trained, theta), driven, (of.source, of.inverse)

    @functools.partial(jax.checkpoint, prevent_cse=False)  # the gradient keeps one state a round
    def one_round(psi: jax.Array, inputs: tuple) -> tuple[jax.Array, None]:
        blocks, phases, driven, (source, inverse) = inputs
        psi = local(psi, windows, blocks) * phases[:, None]
        if features is not None:
            turned = jnp.matmul(driven[1], features[driven[0]], precision=PRECISION)
            psi = psi * jnp.exp(-1j * turned)
        return _gathered(psi, source, inverse), None

    return jax.lax.scan(one_round, psi, inputs)[0]


def local(psi: jax.Array, windows: Sequence[Sequence[int]], factors: Sequence[jax.Array]) -> jax.Array:
    """Returns the columns psi [2^Q, B] after real matrices [2^w, 2^w] on windows of neighboring qubits."""
    size, batch = psi.shape
    parts = jnp.concatenate([psi.real, psi.imag], axis=1)
    for window, factor in zip(windows, factors, strict=True):
        grouped = parts.reshape(2 ** window[0], 2 ** len(window), -1)
        matrices = jnp.broadcast_to(factor, (len(grouped), *factor.shape))  # a batch: nothing is transposed
        parts = jnp.matmul(matrices, grouped, precision=PRECISION).reshape(size, 2 * batch)
    return jax.lax.complex(parts[:, :batch], parts[:, batch:])


def _kind(step: Step) -> int:
    """Returns the place of a step in a round."""
    if isinstance(step, Local):
        return 0
    return (2 if step.is_driven else 1) if isinstance(step, Phase) else 3


def _single(placed: Sequence[dict[int, Step]]) -> tuple[Single, ...]:
    alike: dict[str | GateSpec, list[tuple[tuple[int, int, int], list[int]]]] = {}
    for place, one in enumerate(placed):
        step = one.get(0)
        for names, qubits, angles in step.patterns if isinstance(step, Local) else ():
            for qubit, own in zip(qubits, angles, strict=True):
                turns = iter(own)
                for order, name in enumerate(names):
                    angle = [int(next(turns))] if _turns(name) else []
                    alike.setdefault(name, []).append(((place, order, qubit), angle))
    return tuple(
        Single(
            name,
            np.asarray([where for where, _ in rows], np.int32).T,
            np.asarray([own for _, own in rows], np.int32),
        )
        for name, rows in alike.items()
    )


def _turns(name: str | GateSpec) -> bool:
    """Returns whether a real one-qubit gate has an angle."""
    return isinstance(name, str) and name in GATES and GATES[name].is_rotation


def _phases(found: Sequence[Step | None], qubits: int) -> Phases:
    """Returns the phases of all rounds, with as many angles each; angles that a round lacks have no effect."""
    most = max([1, *(len(step.angles) for step in found if isinstance(step, Phase))])
    angles = np.zeros((len(found), most), np.int32)
    generators = np.zeros((len(found), 2**qubits, most))
    fixed = np.ones((len(found), 2**qubits), complex)
    for place, step in enumerate(found):
        if isinstance(step, Phase):
            angles[place, : len(step.angles)] = step.angles
            generators[place, :, : len(step.angles)] = step.generators
            fixed[place] = step.fixed
    return Phases(angles, generators, fixed)


def _windows(qubits: int) -> list[range]:
    count = -(-qubits // BLOCK_QUBITS)
    edges = [qubits * place // count for place in range(count + 1)]
    return [range(*edge) for edge in itertools.pairwise(edges)]


def _blocks(of: Rounds, windows: Sequence[range], theta: jax.Array) -> tuple[jax.Array, ...]:
    """Returns the matrices [M, 2^w, 2^w] of each window."""
    qubits = windows[-1][-1] + 1
    most = max([1, *(int(one.places[1].max()) + 1 for one in of.single)])
    single = jnp.broadcast_to(jnp.eye(2, dtype=theta.dtype), (of.number, most, qubits, 2, 2))
    for name, places, angles in of.single:
        contract = functools.partial(matrix, [(name, (0,))], 1)
        found = jax.vmap(contract)(_taken(theta, angles)).real
        single = single.at[tuple(places)].set(found, unique_indices=True)
    ordered = [single[:, order] for order in reversed(range(most))]
    product = functools.reduce(functools.partial(jnp.matmul, precision=PRECISION), ordered)
    kron = jax.vmap(lambda matrices: functools.reduce(jnp.kron, list(matrices)))
    return tuple(kron(product[:, window.start : window.stop]) for window in windows)


def _factors(phases: Phases, theta: jax.Array) -> jax.Array:
    """Returns the phases [M, 2^Q] of trained angles."""
    generators = jnp.asarray(phases.generators, theta.dtype)
    turned = jnp.einsum("msn,mn->ms", generators, _taken(theta, phases.angles), precision=PRECISION)
    turns = jnp.exp(-1j * turned)
    return turns * jnp.asarray(phases.fixed, turns.dtype)


def _taken(theta: jax.Array, angles: np.ndarray) -> jax.Array:
    """Returns the angles at the indices, zeros where the layer has none at all."""
    return theta[angles] if theta.size else jnp.zeros(angles.shape, theta.dtype)


@jax.custom_vjp
def _gathered(psi: jax.Array, source: jax.Array, inverse: jax.Array) -> jax.Array:
    """Returns psi [2^Q, B] gathered from the source; its gradient is a gather, too, where JAX's is a scatter."""
    return psi[source]


_gathered.defvjp(
    lambda psi, source, inverse: (psi[source], inverse), lambda inverse, slope: (slope[inverse], None, None)
)
