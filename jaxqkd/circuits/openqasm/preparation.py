"""State preparation: the operations that prepare a given state from `|0...0>`, up to a global phase."""

from collections.abc import Sequence

import numpy as np

from jaxqkd.circuits.openqasm.operations import Operation

NEGLIGIBLE = 1e-12
"""Smaller angles, in radians, are left out."""


def prepare(state: np.ndarray) -> list[Operation]:
    """Returns rotations about y and z and CNOTs that prepare the state [2^Q] of norm 1, up to a global phase.

    One qubit after the other is rotated about y by an angle that depends on the qubits before; for a complex
    state, phases follow. A real state takes at most 2^Q - 2 CNOTs, a complex one twice as many.

    References:
        Möttönen et al., Transformation of quantum states using uniformly controlled rotations, Quantum
        Information and Computation 5, 467 (2005).
    """
    state = np.asarray(state)
    qubits = len(state).bit_length() - 1
    is_real = not np.iscomplexobj(state) or not np.any(state.imag)
    sizes = state.real if is_real else abs(state)
    listed: list[Operation] = []
    for qubit in range(qubits):
        branches = sizes.reshape(2 ** (qubit + 1), -1)  # the last ones are the amplitudes, with their signs
        weights = branches[:, 0] if qubit == qubits - 1 else np.linalg.norm(branches, axis=1)
        listed += multiplexed("ry", 2 * np.arctan2(weights[1::2], weights[::2]), qubit)
    return listed if is_real else listed + _phases(np.angle(state), qubits)


def multiplexed(name: str, angles: np.ndarray, target: int) -> list[Operation]:
    """Returns the rotation of the target by one of the angles [2^target], chosen by the qubits before it.

    Args:
        name: "ry" or "rz".
        angles: One angle a basis state of qubits 0 ... target - 1, of which qubit 0 is the most significant bit.
        target: The qubit that is rotated.
    """
    if np.all(abs(angles) < NEGLIGIBLE):
        return []
    if target == 0:
        return [Operation(name, (0,), float(angles[0]))]
    index = np.arange(len(angles))
    gray = index ^ (index >> 1)
    parity = np.bitwise_count(gray[:, None] & index) % 2
    turns = (1 - 2.0 * parity) @ angles / len(angles)
    flips = gray ^ np.roll(gray, -1)
    controls = [target - int(flip).bit_length() for flip in flips]
    return [
        operation
        for turn, control in zip(turns, controls, strict=True)
        for operation in (Operation(name, (target,), float(turn)), Operation("cx", (control, target)))
        if operation.name == "cx" or abs(turn) >= NEGLIGIBLE
    ]


def _phases(phases: np.ndarray, qubits: int) -> list[Operation]:
    """Returns the diagonal of exp(i phases): the last qubit's differences, then the means on the qubits before."""
    parts: list[Sequence[Operation]] = []
    for target in reversed(range(qubits)):
        parts.append(multiplexed("rz", phases[1::2] - phases[::2], target))
        phases = (phases[::2] + phases[1::2]) / 2
    return [operation for part in parts for operation in part]
