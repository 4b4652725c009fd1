"""Folding: a flat list of gates as a prefix and one layer that repeats."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import Gate


def folded(qubits: int, gates: Sequence[Gate], layers: int | None = None) -> tuple[Circuit, np.ndarray]:
    """Returns the circuit of a list of gates, and which angle of the list each of its angles [L, P] is.

    Layers are equal but for their trained angles, which no two of them share. Of all ways to fold, the one that
    leaves fewest gates is taken. Angles keep their order in a layer, where all layers agree about it.

    Args:
        qubits: Number of qubits.
        gates: The gates; the indices of their trained angles may have gaps.
        layers: The number of layers, or None to find it.

    Raises:
        ValueError: If the gates are not so many equal layers.
    """
    forms = _forms(gates)
    periods = _periods(forms[::-1])
    count = len(gates)
    first = next((place for place, gate in enumerate(gates) if gate.theta is not None), max(count - 1, 0))
    options = {start: _choice(count - start, periods[count - start], layers) for start in range(first + 1)}
    fitting = {start: size for start, size in options.items() if size is not None}
    cure = "Leave `layers` out, and the layers are found."
    checks.require(bool(fitting), "layers", "be the number of equal layers of the gates", layers, cure)
    start = min(fitting, key=lambda start: (start + fitting[start], start))
    return _circuit(qubits, gates, start, fitting[start])


def _choice(count: int, period: int, layers: int | None) -> int | None:
    """Returns the length of a layer of `count` gates that repeat after `period`, None for another number."""
    if layers is None:
        return period
    good = count % layers == 0 and (count == 0 or (count // layers > 0 and count // layers % period == 0))
    return count // layers if good else None


def _circuit(qubits: int, gates: Sequence[Gate], start: int, size: int) -> tuple[Circuit, np.ndarray]:
    count = len(gates) - start
    layers = count // size if size else 1
    parts = [gates[start + layer * size : start + (layer + 1) * size] for layer in range(layers)]
    met = [list(dict.fromkeys(gate.theta for gate in part if gate.theta is not None)) for part in parts]
    order = np.array(met, int).reshape(layers, -1)  # by their first appearance
    ranks = np.argsort(order, axis=1)
    order = np.take_along_axis(
        order, ranks if (ranks == ranks[0]).all() else ranks * 0 + np.arange(order.shape[1]), 1
    )
    place = {int(theta): index for index, theta in enumerate(order[0])}
    layer = [gate if gate.theta is None else gate._replace(theta=place[gate.theta]) for gate in parts[0]]
    return Circuit(qubits, layers, tuple(layer), tuple(gates[:start])), order


def _forms(gates: Sequence[Gate]) -> list[Any]:
    """Returns each gate with the distance to the last one with the same trained angle, in place of that angle."""
    last: dict[int, int] = {}
    forms: list[Any] = []
    for place, gate in enumerate(gates):
        distance = None if gate.theta is None else place - last.get(gate.theta, place)
        if gate.theta is not None:
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
