"""Operations: gates of the standard libraries of OpenQASM, with their angles bound."""

from typing import NamedTuple

Angle = float | str
"""Radians, or an OpenQASM expression of the features x0, x1, ..."""


class Operation(NamedTuple):
    """One gate of the standard libraries.

    Attributes:
        name: A name of the standard libraries.
        qubits: The qubits that it acts on, controls first.
        angle: Its angle, or None for a gate without one.
    """

    name: str
    qubits: tuple[int, ...]
    angle: Angle | None = None
