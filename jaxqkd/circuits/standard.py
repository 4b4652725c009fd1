"""The standard gates of other packages, written in the gates of `GATES`, up to a global phase."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd.circuits import polynomials
from jaxqkd.circuits.gates import GATES
from jaxqkd.circuits.polynomials import Polynomial

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


def _turns(*rows: tuple[str, tuple[float, ...]]) -> tuple[Part, ...]:
    return tuple(Part(name, (0,), factors) for name, factors in rows)


_CX = Part("cnot", (0, 1))
_U = _turns(("rz", (0, 0, 1)), ("ry", (1, 0, 0)), ("rz", (0, 1, 0)))
_U2 = (Part("rz", (0,), (0, 1)), Part("ry", (0,), (0, 0), np.pi / 2), Part("rz", (0,), (1, 0)))
_R = _turns(("rz", (0, -1)), ("rx", (1, 0)), ("rz", (0, 1)))
_CU = (
    Part("rz", (0,), (0, 0.5, 0.5, 1)),
    Part("rz", (1,), (0, -0.5, 0.5, 0)),
    _CX,
    Part("rz", (1,), (0, -0.5, -0.5, 0)),
    Part("ry", (1,), (-0.5, 0, 0, 0)),
    _CX,
    Part("ry", (1,), (0.5, 0, 0, 0)),
    Part("rz", (1,), (0, 1, 0, 0)),
)
_CU3 = tuple(part._replace(factors=part.factors[:3]) for part in _CU)

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
    "U": Standard(3, 1, _U),
    "u": Standard(3, 1, _U),
    "u3": Standard(3, 1, _U),
    "u2": Standard(2, 1, _U2),
    "r": Standard(2, 1, _R),
    "cu": Standard(4, 2, _CU),
    "cu3": Standard(3, 2, _CU3),
    "dcx": Standard(0, 2, (_CX, Part("cnot", (1, 0)))),
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
