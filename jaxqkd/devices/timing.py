"""Timing: when each gate of a sequence begins, and how long qubits wait."""

from collections.abc import Iterator, Sequence

import numpy as np

from jaxqkd.circuits import Gate


def waits(
    gates: Sequence[Gate], lengths: Sequence[float], qubits: int, *, latest: bool
) -> Iterator[tuple[int, int, float]]:
    """Yields each wait: the number of the gate before which a qubit waits, the qubit, and how long.

    A qubit that waits for the end of the sequence waits before the gate whose number is the number of gates.

    Args:
        gates: The gates in order.
        lengths: Their durations.
        qubits: Number of qubits.
        latest: Whether gates begin as late as they can, not as soon.
    """
    begins, end = _latest(gates, lengths, qubits) if latest else _soonest(gates, lengths, qubits)
    free = np.zeros(qubits)
    for number, (gate, begin, length) in enumerate(zip(gates, begins, lengths, strict=True)):
        for qubit in gate.qubits:
            if begin > free[qubit] + 1e-15:  # a femtosecond is rounding
                yield number, qubit, begin - free[qubit]
            free[qubit] = begin + length
    for qubit in range(qubits):
        if end > free[qubit] + 1e-15:
            yield len(gates), qubit, end - free[qubit]


def _soonest(gates: Sequence[Gate], lengths: Sequence[float], qubits: int) -> tuple[list[float], float]:
    """Returns when each gate begins if none waits longer than it must, and when all have ended."""
    free, begins = np.zeros(qubits), []
    for gate, length in zip(gates, lengths, strict=True):
        begins.append(float(free[list(gate.qubits)].max()))
        free[list(gate.qubits)] = begins[-1] + length
    return begins, float(free.max())


def _latest(gates: Sequence[Gate], lengths: Sequence[float], qubits: int) -> tuple[list[float], float]:
    """Returns the same if each gate begins as late as it can: as soon as it can with time reversed."""
    backwards, end = _soonest(gates[::-1], lengths[::-1], qubits)
    begins = [end - begin - length for begin, length in zip(backwards, lengths[::-1], strict=True)]
    return begins[::-1], end
