"""The standard gates of other packages, written in the gates of `GATES`, up to a global phase."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd.circuits import polynomials
from jaxqkd.circuits.angles import Angle, turn
from jaxqkd.circuits.composites import cu, u
from jaxqkd.circuits.gates import Gate
from jaxqkd.circuits.polynomials import Polynomial
from jaxqkd.circuits.table import GATES

Matrix = tuple[tuple[complex, ...], ...]


class Step(NamedTuple):
    """One gate of a circuit that is being read.

    Attributes:
        name: A name of `GATES`, or "unitary".
        qubits: The qubits that it acts on.
        angle: Its angle if it is a rotation, a polynomial of the parameters.
        matrix: Its rows if it is a "unitary".
        source: Where it comes from, as an error says it: "line 3" or "instruction 5 (ry)".
    """

    name: str
    qubits: tuple[int, ...]
    angle: Polynomial | None = None
    matrix: Matrix | None = None
    source: str = ""


class Part(NamedTuple):
    """A gate on some of the qubits, whose angle is a sum: factors times the angles, plus an offset."""

    name: str
    places: tuple[int, ...]
    factors: tuple[float, ...] = ()
    offset: float = 0.0


class Standard(NamedTuple):
    """A standard gate: numbers of its angles and of its qubits, and the gates that it is written in."""

    angles: int
    qubits: int
    parts: tuple[Part, ...]


def _as_known(name: str) -> Standard:
    spec = GATES[name]
    places = tuple(range(spec.qubits))
    return Standard(int(spec.is_rotation), spec.qubits, (Part(name, places, (1.0,) * spec.is_rotation),))


def _written(gates: Sequence[Gate], angles: int) -> tuple[Part, ...]:
    """Returns gates, whose trained angles are the angles of another gate, as its parts."""
    return tuple(
        Part(
            gate.name,
            gate.qubits,
            tuple(gate.factor * (index == gate.theta) for index in range(angles)),
            gate.offset,
        )
        if GATES[gate.name].is_rotation
        else Part(gate.name, gate.qubits)
        for gate in gates
    )


_ANGLES = tuple(Angle(theta=index) for index in range(4))
_BACK = Angle(theta=1, factor=-1.0)

_ALIASES = {
    "cx": "cnot",
    "CX": "cnot",
    "ccx": "toffoli",
    "phase": "p",
    "u1": "p",
    "cphase": "cp",
    "cu1": "cp",
}

STANDARD: Mapping[str, Standard] = {
    **{name: _as_known(name) for name in GATES},
    **{alias: _as_known(name) for alias, name in _ALIASES.items() if name in GATES},
    "id": Standard(0, 1, ()),
    "u0": Standard(1, 1, ()),
    **{name: Standard(3, 1, _written(u(0, *_ANGLES[:3]), 3)) for name in ("U", "u", "u3")},
    "u2": Standard(2, 1, _written(u(0, np.pi / 2, *_ANGLES[:2]), 2)),
    "r": Standard(
        2, 1, _written((turn("rz", (0,), _BACK), turn("rx", (0,), _ANGLES[0]), turn("rz", (0,), _ANGLES[1])), 2)
    ),
    "cu": Standard(4, 2, _written(cu(0, 1, *_ANGLES), 4)),
    "cu3": Standard(3, 2, _written(cu(0, 1, *_ANGLES[:3]), 3)),
    "dcx": Standard(0, 2, (Part("cnot", (0, 1)), Part("cnot", (1, 0)))),
}
"""The gates that are known, by the names of OpenQASM's libraries, of Qiskit and of `GATES`."""

CONTROLLED: Mapping[str, str] = {
    "x": "cnot",
    "cx": "toffoli",
    "cnot": "toffoli",
    "CX": "toffoli",
    "swap": "cswap",
    "u3": "cu3",
    **{name: f"c{name}" for name in ("y", "z", "h", "sx", "rx", "ry", "rz", "p")},
    "phase": "cp",
    "u1": "cp",
}
"""The names of gates with a control, by those without it."""


def steps(name: str, angles: Sequence[Polynomial], qubits: Sequence[int], source: str) -> list[Step]:
    """Returns a gate of `STANDARD` in gates of `GATES`."""
    return in_parts(STANDARD[name], angles, qubits, source)


def in_parts(gate: Standard, angles: Sequence[Polynomial], qubits: Sequence[int], source: str) -> list[Step]:
    """Returns a gate in the gates that it is written in."""
    return [_step(part, angles, qubits, source) for part in gate.parts]


def unitary(rows: Any, qubits: Sequence[int], source: str) -> Step:
    """Returns the gate of a matrix, of whose index the first qubit is the most significant bit."""
    matrix = tuple(tuple(map(complex, row)) for row in np.asarray(rows))
    return Step("unitary", tuple(qubits), matrix=matrix, source=source)


def inverse(listed: Sequence[Step]) -> list[Step]:
    """Returns the steps that undo these."""
    return [_undone(step) for step in reversed(listed)]


def written(
    name: str, qubits: Sequence[int], angle: Any, known: Container[str]
) -> list[tuple[str, tuple[int, ...], Any]]:
    """Returns a gate of `GATES` as names, qubits and angles of gates that are known, up to a global phase.

    Args:
        name: Its name.
        qubits: Its qubits.
        angle: Its angle, anything that can be multiplied by numbers; or None.
        known: The names of `GATES` that it may be written in, among them those that have one name in OpenQASM.
    """
    spec = GATES[name]
    if name in known or isinstance(spec.openqasm, str):
        return [(name, tuple(qubits), angle)]
    listed: list[tuple[str, tuple[int, ...], Any]] = []
    for part in spec.openqasm:
        own = part.angle if part.factor is None else part.factor * angle
        listed += written(part.name, [qubits[place] for place in part.places], own, known)
    return listed


def _step(part: Part, angles: Sequence[Polynomial], qubits: Sequence[int], source: str) -> Step:
    places = tuple(qubits[place] for place in part.places)
    if not part.factors:
        return Step(part.name, places, source=source)
    total = polynomials.constant(part.offset)
    for factor, angle in zip(part.factors, angles, strict=True):
        total = total + angle * factor
    return Step(part.name, places, total, source=source)


def _undone(step: Step) -> Step:
    if step.matrix is not None:
        return step._replace(matrix=tuple(tuple(row) for row in np.asarray(step.matrix).conj().T.tolist()))
    if step.angle is not None:
        return step._replace(angle=-step.angle)
    return step._replace(name=GATES[step.name].inverse or step.name)
