"""What a circuit looks like and what it costs: a text drawing and counts of gates and parameters."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from jaxqkd.circuits.angles import features_of
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import Gate, has_angle, spec_of


class Description(NamedTuple):
    """The resources of a circuit over all its layers; printing it gives the drawing with them.

    Attributes:
        parameters: Trained angles.
        gates: Number of gates of each name.
        two_qubit_gates: Number of gates on two or more qubits.
        depth: Number of moments, where every gate starts as soon as its qubits are free.
        drawing: The prefix, then one layer between double bars, one line a qubit; t3 is trained angle 3, x0 is
            feature 0, and 2·x0·x1 + π/2 an angle with a factor, a product and an offset.
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
    """Returns the gates by moment; with `spans`, a gate also takes the qubits between its own, as drawn."""
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


def _symbols(gate: Gate) -> list[str]:
    angle = _angle(gate)
    return [symbol + angle * (symbol != "●") for symbol in spec_of(gate).symbols]


def _angle(gate: Gate) -> str:
    """Returns the angle of a gate in parentheses, or nothing where it has none."""
    if gate.is_fixed:
        return f"({_number(gate.offset)})" if has_angle(gate) else ""
    inputs = "·".join(f"x{index}" for index in features_of(gate)) if gate.theta is None else f"t{gate.theta}"
    text = {1.0: "", -1.0: "-"}.get(gate.factor, f"{_number(gate.factor)}·") + inputs
    if gate.offset:
        text += f" {'-' if gate.offset < 0 else '+'} {_number(abs(gate.offset))}"
    return f"({text})"


def _number(value: float) -> str:
    """Returns a number, by simple multiples of pi where it is one of these."""
    share = Fraction(value / np.pi).limit_denominator(16)
    if not share or abs(value - float(share) * np.pi) > 1e-12 * abs(value):
        return f"{value:.4g}"
    sign, top, bottom = "-" if share < 0 else "", abs(share.numerator), share.denominator
    return f"{sign}{top if top > 1 else ''}π{f'/{bottom}' if bottom > 1 else ''}"
