"""Gates with several angles, or on any number of qubits, as the gates whose product they are."""

import itertools
from collections.abc import Sequence

from jaxqkd.circuits.angles import Angle, turn
from jaxqkd.circuits.gates import Gate


def u(qubit: int, theta: Angle | float, phi: Angle | float, lam: Angle | float) -> tuple[Gate, ...]:
    """Returns the gates of U(theta, phi, lam) = P(phi) RY(theta) P(lam), which is any gate on one qubit.

    Args:
        qubit: The qubit.
        theta: The angle about y; an `Angle` that is trained or a feature, or a number.
        phi: The angle of the phase that comes last in time.
        lam: The angle of the phase that comes first.

    Example:
        >>> [gate.name for gate in u(0, Angle(theta=0), Angle(theta=1), 0.5)]
        ['p', 'ry', 'p']
    """
    return turn("p", (qubit,), lam), turn("ry", (qubit,), theta), turn("p", (qubit,), phi)


def cu(
    control: int,
    target: int,
    theta: Angle | float,
    phi: Angle | float,
    lam: Angle | float,
    gamma: Angle | float = 0.0,
) -> tuple[Gate, ...]:
    """Returns the gates of exp(i gamma) U(theta, phi, lam) on the target where the control is 1.

    Args:
        control: The control.
        target: The target.
        theta: As of `u`.
        phi: As of `u`.
        lam: As of `u`.
        gamma: The phase, which the control makes matter.
    """
    into, t, cnot = (control,), (target,), Gate("cnot", (control, target))
    phases = turn("p", into, gamma), turn("p", into, lam, 0.5), turn("p", into, phi, 0.5)
    before = turn("p", t, lam, 0.5), turn("p", t, phi, -0.5)
    between = turn("p", t, phi, -0.5), turn("p", t, lam, -0.5), turn("ry", t, theta, -0.5)
    return *phases, *before, cnot, *between, cnot, turn("ry", t, theta, 0.5), turn("p", t, phi)


def ms(
    qubits: Sequence[int], angle: Angle | float, *, phases: Sequence[Angle | float] | None = None
) -> tuple[Gate, ...]:
    """Returns the gates of the Mølmer-Sørensen gate: exp(-i angle X_i X_j / 2) for each pair of the qubits.

    Args:
        qubits: The qubits, two or more.
        angle: The angle of each pair.
        phases: Of each qubit, the angle by which its X is turned about z, or None for X itself.

    References:
        Mølmer, Sørensen, Phys. Rev. Lett. 82, 1835 (1999).
    """
    turned = [] if phases is None else list(zip(qubits, phases, strict=True))
    into = tuple(turn("rz", (qubit,), phase, -1.0) for qubit, phase in turned)
    back = tuple(turn("rz", (qubit,), phase) for qubit, phase in turned)
    return *into, *(turn("rxx", pair, angle) for pair in itertools.combinations(qubits, 2)), *back
