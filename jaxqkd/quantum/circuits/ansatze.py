"""Ansätze: functions of sizes that return a circuit."""

from collections.abc import Iterable

from jaxqkd import checks
from jaxqkd.quantum.circuits.gates import Circuit, Gate, check_kept


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
    rotations = [
        Gate(name, (qubit,), theta=3 * qubit + place)
        for qubit in range(qubits)
        for place, name in enumerate(("rz", "ry", "rz"))
    ]
    ring = [Gate("cnot", (qubit, (qubit + 1) % qubits)) for qubit in range(qubits if qubits > 1 else 0)]
    return Circuit(qubits, layers, (*rotations, *ring), _hadamards(qubits, hadamard), scale)


def universal(
    *,
    qubits: int,
    layers: int,
    kept: Iterable[int] | None = None,
    hadamard: bool = False,
    scale: float = 1.0,
) -> Circuit:
    """Returns the ansatz whose generators X_i, Y_i and Z_i Z_{i+1} span su(2^Q).

    A layer is RX on every qubit, RY on every qubit, and ZZ rotations along the chain: 3 Q - 1 trained angles.
    With `kept`, the circuit of selective measurement: RX on every qubit, ZZ rotations along the chain, and RY
    on the kept qubits only, 2 Q - 1 + len(kept) angles.

    Args:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        kept: The qubits that are read at the end, or None for the full ansatz. Pass the same to the student.
        hadamard: Whether a Hadamard on every qubit precedes the first layer.
        scale: Factor of every trained angle.

    References:
        Piperno et al., QTML 2024.
    """
    checks.integer("qubits", qubits)
    chosen = tuple(range(qubits)) if kept is None else check_kept(kept, qubits)
    turns_x = [("rx", (qubit,)) for qubit in range(qubits)]
    turns_y = [("ry", (qubit,)) for qubit in chosen]
    turns_zz = [("rzz", (qubit, qubit + 1)) for qubit in range(qubits - 1)]
    order = turns_x + (turns_y + turns_zz if kept is None else turns_zz + turns_y)
    gates = tuple(Gate(name, where, theta=index) for index, (name, where) in enumerate(order))
    return Circuit(qubits, layers, gates, _hadamards(qubits, hadamard), scale)


def _hadamards(qubits: int, wanted: bool) -> tuple[Gate, ...]:
    return tuple(Gate("h", (qubit,)) for qubit in range(qubits if wanted else 0))
