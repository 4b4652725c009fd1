"""Folding: a flat list of gates as a circuit of repeated layers, where its gates repeat.

Layers compile once, however many there are, so that readers of circuits from elsewhere look for them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import Gate


class Folded(NamedTuple):
    """A circuit, and which of the flat list's angles are its angles.

    Attributes:
        circuit: The circuit.
        order: The list's theta indices in the order of the circuit's angles: its theta for values of the list is
            `values[order].reshape(circuit.shape)`.
    """

    circuit: Circuit
    order: np.ndarray


def folded(qubits: int, gates: Sequence[Gate], *, layers: int | None = None) -> Folded:
    """Returns gates as a prefix without trained angles and the layers that repeat after it: the fewest in all.

    Layers are equal but for their trained angles, which are not shared between layers. Gates that do not repeat to
    the end are one layer. If features drive gates before the first trained angle, these are the prefix then.
    Angles of a layer are in the order of their indices where all layers agree about it, else as they appear. The
    time that it takes grows with the number of gates, not with its square.

    Args:
        qubits: Number of qubits.
        gates: All gates in order, with any theta indices.
        layers: Number of layers, or None for what is found.

    Raises:
        ValueError: If the gates are not so many layers.

    Example:
        >>> turns = [Gate("ry", (0,), theta=index) for index in (2, 0, 1)]
        >>> found = folded(1, [Gate("h", (0,)), *turns])
        >>> found.circuit.shape, found.order.tolist()
        ((3, 1), [2, 0, 1])
    """
    count = len(gates)
    periods = _periods(_forms(gates)[::-1])
    driven = [place for place, gate in enumerate(gates) if gate.x is not None]
    last = next((place for place, gate in enumerate(gates) if gate.theta is not None), max(count - 1, 0))
    found = {start: _length(count - start, periods[count - start], layers) for start in range(last + 1)}
    options = [(start, length) for start, length in found.items() if length is not None]
    cure = "Leave layers out to find them, or give layers=1."
    checks.require(bool(options), "layers", "divide the gates into layers that are equal", layers, cure)

    def cost(option: tuple[int, int]) -> tuple[int, bool, int]:
        start, length = option
        place = np.searchsorted(driven, start)
        is_driven = bool(place < len(driven) and driven[place] < start + length)
        return start + length, is_driven, -start if is_driven else start

    start, length = min(options, key=cost)
    return _circuit(qubits, gates, start, length, (count - start) // length if length else layers or 1)


def _length(count: int, period: int, layers: int | None) -> int | None:
    """Returns the length of a layer of `count` gates that repeat after `period`, None if not of so many layers."""
    if layers is None or count == 0:
        return period
    length = count // layers
    return length if length and count % layers == 0 and length % period == 0 else None


def _circuit(qubits: int, gates: Sequence[Gate], start: int, length: int, layers: int) -> Folded:
    parts = [gates[start + layer * length : start + (layer + 1) * length] for layer in range(layers)]
    met = [list(dict.fromkeys(gate.theta for gate in part if gate.theta is not None)) for part in parts]
    order = np.array(met, int).reshape(layers, -1)  # as they appear
    ranks = np.argsort(order, axis=1)
    if (ranks == ranks[0]).all():
        order = order[:, ranks[0]]
    place = {int(theta): index for index, theta in enumerate(order[0])}
    layer = [gate if gate.theta is None else gate._replace(theta=place[gate.theta]) for gate in parts[0]]
    return Folded(Circuit(qubits, layers, tuple(layer), tuple(gates[:start])), order.ravel())


def _forms(gates: Sequence[Gate]) -> list[Any]:
    """Returns each gate with the distance to the last one with the same trained angle, in place of that angle."""
    last: dict[int, int] = {}
    forms: list[Any] = []
    for place, gate in enumerate(gates):
        distance = None
        if gate.theta is not None:
            distance = place - last.get(gate.theta, place)
            last[gate.theta] = place
        forms.append((gate._replace(theta=None), distance))
    return forms


def _periods(forms: Sequence[Any]) -> list[int]:
    """Returns for each number n the length of the shortest list whose repetition the first n forms are.

    This is the failure function of Knuth, Morris and Pratt, in linear time.
    """
    borders = [0, 0]
    for form in forms[1:]:
        border = borders[-1]
        while border and forms[border] != form:
            border = borders[border]
        borders.append(border + 1 if forms[border] == form else 0)
    lengths = [n - borders[n] for n in range(len(forms) + 1)]
    return [n if length == 0 or n % length else length for n, length in enumerate(lengths)]
