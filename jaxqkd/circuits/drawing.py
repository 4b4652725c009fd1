"""What a circuit looks like and what it costs: a text drawing and counts of gates and parameters."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from jaxqkd.circuits.gates import Circuit, Gate

SYMBOLS = {"cnot": ("●", "X"), "cz": ("●", "●"), "swap": ("x", "x"), "toffoli": ("●", "●", "X")}
SYMBOLS |= {name: ("●", name[1:].upper()) for name in ("crx", "cry", "crz")}


class Description(NamedTuple):
    """The resources of a circuit over all its layers; printing it gives the drawing with them.

    Attributes:
        parameters: Trained angles.
        gates: How many gates there are of each name.
        two_qubit_gates: Gates on two or more qubits.
        depth: Moments in which every gate starts as soon as its qubits are free.
        drawing: The prefix, then one layer between double bars, a line a qubit; t3 is the trained angle 3,
            x0 the feature 0.
    """

    parameters: int
    gates: dict[str, int]
    two_qubit_gates: int
    depth: int
    drawing: str

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.gates.items())
        return (
            f"{self.drawing}\n"
            f"{self.parameters} parameters; {sum(self.gates.values())} gates ({counts}), "
            f"{self.two_qubit_gates} of them on two or more qubits; depth {self.depth}"
        )


def describe(circuit: Circuit) -> Description:
    """Returns the circuit's parameter and gate counts, its depth, and a text drawing.

    Example:
        >>> print(describe(Circuit(2, 1, (Gate("ry", (0,), theta=0), Gate("cnot", (0, 1))))).drawing)
        q0: ║─RY(t0)─●─║ ×1
        q1: ║────────X─║
    """
    every = [*circuit.prefix, *circuit.gates * circuit.layers]
    counts = Counter(gate.name for gate in every)
    layers, angles = circuit.shape
    several = sum(len(gate.qubits) > 1 for gate in every)
    depth = len(_moments(every))
    return Description(layers * angles, dict(counts), several, depth, _draw(circuit))


def _moments(gates: Sequence[Gate], spans: bool = False) -> list[list[Gate]]:
    """Returns the gates by moment; with spans, a gate also takes the qubits between its own, as a drawing does."""
    free: dict[int, int] = {}
    moments: list[list[Gate]] = []
    for gate in gates:
        wires = range(min(gate.qubits), max(gate.qubits) + 1) if spans else gate.qubits
        start = max(free.get(wire, 0) for wire in wires)
        if start == len(moments):
            moments.append([])
        moments[start].append(gate)
        free |= dict.fromkeys(wires, start + 1)
    return moments


def _draw(circuit: Circuit) -> str:
    lines = [f"q{qubit}: " for qubit in range(circuit.qubits)]
    width = max(map(len, lines))
    lines = [line.ljust(width) for line in lines]
    for moment in _moments(circuit.prefix, spans=True):
        lines = _add_column(lines, moment)
    lines = [line + "║─" for line in lines]
    for moment in _moments(circuit.gates, spans=True):
        lines = _add_column(lines, moment)
    return "\n".join([f"{lines[0]}║ ×{circuit.layers}", *[f"{line}║" for line in lines[1:]]])


def _add_column(lines: list[str], moment: list[Gate]) -> list[str]:
    cells = ["─"] * len(lines)
    for gate in moment:
        for wire in range(min(gate.qubits), max(gate.qubits) + 1):
            cells[wire] = "│"
        for qubit, symbol in zip(gate.qubits, _symbols(gate), strict=True):
            cells[qubit] = symbol
    width = max(map(len, cells))
    return [line + cell.rjust(width, "─") + "─" for line, cell in zip(lines, cells, strict=True)]


def _symbols(gate: Gate) -> Sequence[str]:
    angle = f"(t{gate.theta})" if gate.theta is not None else f"(x{gate.x})" if gate.x is not None else ""
    if gate.name in SYMBOLS:
        *controls, last = SYMBOLS[gate.name]
        return [*controls, last + angle]
    return [gate.name[len(gate.qubits) > 1 :].upper() + angle] * len(gate.qubits)
