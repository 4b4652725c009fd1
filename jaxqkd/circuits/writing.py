"""What writers of circuits share: the gates of all layers with their angles, and the check of what is given."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.angles import angle_of
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import Gate


def bound(circuit: Circuit, theta: Any, x: Any) -> Iterator[tuple[Gate, Any]]:
    """Yields the gates of the prefix and of all layers, in order, each with its angle or None.

    Args:
        circuit: The circuit.
        theta: Trained angles [L, P], before the circuit's scale: numbers, or what can be multiplied and added.
        x: Features [D] of one example, likewise.
    """
    for gate in circuit.prefix:
        yield gate, angle_of(gate, (), x)
    for layer in range(circuit.layers):
        angles = theta[layer] if circuit.scale == 1 else [circuit.scale * angle for angle in theta[layer]]
        for gate in circuit.gates:
            yield gate, angle_of(gate, angles, x)


def check_inputs(circuit: Circuit, theta: Any, x: Any) -> None:
    """Refuses trained angles and features whose shapes do not fit the circuit."""
    checks.require(np.shape(theta) == circuit.shape, "theta", f"have the shape {circuit.shape}", np.shape(theta))
    fits = len(np.shape(x)) == 1 and len(x) >= circuit.features
    checks.require(fits, "x", f"have the shape [D] with D of at least {circuit.features}", np.shape(x))
