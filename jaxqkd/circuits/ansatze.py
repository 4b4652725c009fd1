"""Ansätze: functions of sizes, or of another circuit, that return a circuit."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.circuit import Circuit, check_measured
from jaxqkd.circuits.gates import Gate, inverse


def hea(*, qubits: int, layers: int, hadamard: bool = False, scale: float = 1.0) -> Circuit:
    """Returns the hardware-efficient ansatz: RZ, RY, RZ on every qubit, then a ring of CNOTs.

    3 Q trained angles a layer. The ring's last CNOT goes from qubit Q - 1 to qubit 0; two qubits have one
    CNOT each way, and one qubit has none.

    Args:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        hadamard: Whether a Hadamard on every qubit precedes the first layer.
        scale: Factor of every trained angle.

    References:
        Kandala et al., Nature 549, 242 (2017); Piperno et al., QTML 2024.
    """
    checks.integer("qubits", qubits)
    gates = _turned_ring(qubits, int(qubits > 1))
    return Circuit(qubits, layers, tuple(gates), _hadamards(qubits, hadamard), scale)


def universal(
    *,
    qubits: int,
    layers: int,
    measured: Iterable[int] | None = None,
    hadamard: bool = False,
    scale: float = 1.0,
) -> Circuit:
    """Returns the ansatz whose generators X_i, Y_i and Z_i Z_{i+1} span su(2^Q).

    A layer is RX on every qubit, RY on every qubit, and ZZ rotations along the chain: 3 Q - 1 trained angles.
    With `measured`, the circuit of selective measurement: RX on every qubit, ZZ rotations along the chain, and RY
    on the measured qubits only, 2 Q - 1 + len(measured) angles.

    Args:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        measured: The qubits that are read at the end, or None for the full ansatz. Pass the same to the student.
        hadamard: Whether a Hadamard on every qubit precedes the first layer.
        scale: Factor of every trained angle.

    References:
        Piperno et al., QTML 2024.
    """
    checks.integer("qubits", qubits)
    chosen = tuple(range(qubits)) if measured is None else check_measured(measured, qubits)
    turns_x = [("rx", (qubit,)) for qubit in range(qubits)]
    turns_y = [("ry", (qubit,)) for qubit in chosen]
    turns_zz = [("rzz", (qubit, qubit + 1)) for qubit in range(qubits - 1)]
    order = turns_x + (turns_y + turns_zz if measured is None else turns_zz + turns_y)
    gates = tuple(Gate(name, where, theta=index) for index, (name, where) in enumerate(order))
    return Circuit(qubits, layers, gates, _hadamards(qubits, hadamard), scale)


def strongly_entangling(*, qubits: int, layers: int, ranges: Sequence[int] | None = None) -> Circuit:
    """Returns layers of RZ, RY, RZ on every qubit, then CNOTs from each qubit i to qubit (i + r) mod Q.

    The range r of layer l is `ranges[l % len(ranges)]`; by default the ranges are 1 ... Q - 1. One layer of the
    returned circuit holds the shortest sequence of layers that repeats: one cycle of the ranges if L is a multiple
    of its length, which compiles fastest, and all L layers at worst. In each case `theta.reshape(L, Q, 3)` holds
    the angles by layer and qubit in the order of the gates, as PennyLane's `StronglyEntanglingLayers` takes them.

    Args:
        qubits: Number of qubits Q. One qubit has no CNOTs, and two have one each way.
        layers: Number of layers L.
        ranges: Ranges out of 1 ... Q - 1, which the layers use cyclically. `(1,)` gives `hea`.

    References:
        Schuld, Bocharov, Svore, Wiebe, Circuit-centric quantum classifiers, arXiv:1804.00633.
    """
    checks.integer("qubits", qubits)
    checks.integer("layers", layers)
    cycle = range(1, qubits) if ranges is None else tuple(ranges)
    within = all(isinstance(reach, int | np.integer) and 0 < reach < qubits for reach in cycle)
    good = within and (ranges is None or len(cycle) > 0)
    checks.require(good, "ranges", f"hold integers of 1 ... {qubits - 1} for {qubits} qubits", ranges)
    each = list(itertools.islice(itertools.cycle(cycle or (0,)), layers))
    period = next(n for n in range(1, layers + 1) if layers % n == 0 and each == each[:n] * (layers // n))
    gates = [_turned_ring(qubits, reach, 3 * qubits * layer) for layer, reach in enumerate(each[:period])]
    return Circuit(qubits, layers // period, tuple(itertools.chain(*gates)))


def real_amplitudes(*, qubits: int, layers: int, entanglement: str = "reverse_linear") -> Circuit:
    """Returns layers of RY on every qubit, then CNOTs: real states stay real.

    Q trained angles a layer. Every layer ends with CNOTs, whereas Qiskit's `real_amplitudes` ends with rotations:
    L layers are Qiskit's circuit of L - 1 repetitions, with the same L Q angles in the same order, followed by one
    more set of CNOTs.

    Args:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        entanglement: "linear" for CNOTs from qubit i to i + 1 along the chain; "reverse_linear" for the same CNOTs
            in reverse order; "circular" for a CNOT from qubit Q - 1 to 0, if Q > 2, and then the chain; "full" for
            CNOTs from each qubit to every later one.

    References:
        Qiskit's circuit library; Abbas et al., The power of quantum neural networks, Nat. Comput. Sci. 1 (2021).
    """
    checks.integer("qubits", qubits)
    chain = list(itertools.pairwise(range(qubits)))
    pairs = {
        "linear": chain,
        "reverse_linear": chain[::-1],
        "circular": [(qubits - 1, 0), *chain] if qubits > 2 else chain,
        "full": list(itertools.combinations(range(qubits), 2)),
    }
    checks.one_of("entanglement", entanglement, list(pairs))
    turns = [Gate("ry", (qubit,), theta=qubit) for qubit in range(qubits)]
    return Circuit(qubits, layers, (*turns, *(Gate("cnot", pair) for pair in pairs[entanglement])))


def reuploading(circuit: Circuit, *, features: int, axis: str = "y") -> Circuit:
    """Returns the circuit with rotations by the features before each of its layers.

    Rotation k = 0, 1, ... max(D, Q) - 1 turns qubit k mod Q by feature k mod D. They come in rounds of Q, each
    followed by the circuit's gates with angles of its own, since rotations of one qubit about one axis would only
    add up. With D > Q features the circuit has ceil(D / Q) times as many angles a layer, those of the first round
    first. The first layer encodes the features, so the usual encoding is `jaxqkd.quantum.encodings.zero`.

    Args:
        circuit: The circuit whose layers are trained.
        features: Number of features D, angles in radians.
        axis: "x", "y" or "z", the axis of these rotations. A rotation of `|0>` about z has no effect.

    References:
        Pérez-Salinas et al., Data re-uploading for a universal quantum classifier, Quantum 4, 226 (2020).
    """
    checks.integer("features", features)
    checks.one_of("axis", axis, ("x", "y", "z"))
    qubits, angles = circuit.qubits, circuit.shape[1]
    turns = [Gate(f"r{axis}", (k % qubits,), x=k % features) for k in range(max(features, qubits))]
    gates: list[Gate] = []
    for number, first in enumerate(range(0, len(turns), qubits)):
        gates += [*turns[first : first + qubits], *_shifted(circuit.gates, number * angles)]
    return replace(circuit, gates=tuple(gates))


def mirrored(circuit: Circuit, *, blocks: int = 1) -> Circuit:
    """Returns the circuit in blocks, each followed by its inverse with angles of its own.

    A block of D = L / blocks layers, with its inverse, is one layer of the new circuit. It has 2 D P angles: those
    of the D layers, then those of their inverses in the same order. Where the inverse has the negative angles, the
    block is the identity; `jaxqkd.quantum.initializers.identity_blocks` starts there. Fixed gates at the end of a
    layer cancel in the middle of a block at any angles, so a block of one layer of `hea` never entangles.

    Args:
        circuit: The circuit, of L layers. No feature may drive a gate of its layers.
        blocks: Number of blocks, a divisor of L. A block is compiled as a whole.

    References:
        Grant et al., An initialization strategy for addressing barren plateaus, Quantum 3, 214 (2019).
    """
    checks.integer("blocks", blocks)
    even = circuit.layers % blocks == 0
    checks.require(even, "blocks", f"divide the circuit's {circuit.layers} layers evenly", blocks)
    driven = [gate for gate in circuit.gates if gate.x is not None]
    cure = "Mirror the circuit first: reuploading(mirrored(circuit), ...)."
    checks.require(not driven, "circuit", "have layers that no feature drives", driven, cure)
    depth, angles = circuit.layers // blocks, circuit.shape[1]
    block = [gate for layer in range(depth) for gate in _shifted(circuit.gates, layer * angles)]
    return replace(circuit, layers=blocks, gates=(*block, *_inverse(block, depth * angles)))


def mirror_angles(circuit: Circuit) -> list[tuple[int, int]]:
    """Returns pairs of indices: each angle of a mirrored block, and the same angle of the block's inverse.

    The pairs of all rounds of `reuploading` are listed, if the circuit has them.

    Raises:
        ValueError: If the gates between those that features drive are not a block and its inverse.
    """
    pairs: list[tuple[int, int]] = []
    for is_driven, stretch in itertools.groupby(circuit.gates, key=lambda gate: gate.x is not None):
        gates = list(stretch)
        angles = sorted({gate.theta for gate in gates if gate.theta is not None})
        half = len(angles) // 2
        good = is_driven or any(gates[n:] == _inverse(gates[:n], half) for n in range(len(gates)))
        cure = "Build it by `jaxqkd.circuits.mirrored`."
        checks.require(good, "circuit", "be mirrored", f"of {len(gates)} gates that are not", cure)
        pairs += [(angle, angle + half) for angle in angles[:half]]
    return pairs


def _turned_ring(qubits: int, reach: int, first: int = 0) -> list[Gate]:
    """Returns RZ, RY, RZ on every qubit, with angles numbered from `first`, then CNOTs from i to i + reach."""
    names = enumerate(("rz", "ry", "rz") * qubits)
    turns = [Gate(name, (index // 3,), theta=first + index) for index, name in names]
    ring = [Gate("cnot", (qubit, (qubit + reach) % qubits)) for qubit in range(qubits if reach else 0)]
    return [*turns, *ring]


def _shifted(gates: Sequence[Gate], by: int) -> list[Gate]:
    return [gate if gate.theta is None else gate._replace(theta=gate.theta + by) for gate in gates]


def _inverse(gates: Sequence[Gate], by: int) -> list[Gate]:
    """Returns gates that undo the gates at the negative angles; `by` is added to the angles' indices."""
    return [inverse(gate) for gate in reversed(_shifted(gates, by))]


def _hadamards(qubits: int, wanted: bool) -> tuple[Gate, ...]:
    return tuple(Gate("h", (qubit,)) for qubit in range(qubits if wanted else 0))
