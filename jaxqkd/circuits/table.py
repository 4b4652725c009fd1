"""The table of gates, which every interpreter of a circuit reads.

Qubit 0 is the most significant bit of a basis state's index. A rotation is exp(-i angle G / 2), where G is the
Pauli string in its name. A controlled rotation turns its last qubit where the first is 1. Phase gates have the
generators that give them up to a global phase.
"""

from collections.abc import Mapping

import numpy as np

from jaxqkd.circuits.specs import PAULIS, GateSpec, Part


def _controlled(matrix: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Returns the block matrix of `off` where the control is 0, and of `matrix` where it is 1."""
    return np.block([[off, np.zeros_like(off)], [np.zeros_like(off), matrix]])


_I, _X, _Y, _Z = PAULIS
_S, _T = np.diag([1, 1j]), np.diag([1, np.exp(0.25j * np.pi)])
_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
_CNOT, _NONE = _controlled(_X, _I), np.zeros((2, 2))

_H = Part("h", (0,)), Part("h", (1,))
_RX = tuple(Part("rx", (place,), angle=np.pi / 2) for place in (0, 1))
_RX_BACK = tuple(part._replace(angle=-np.pi / 2) for part in _RX)
_CX = Part("cnot", (0, 1))
_CX_THRICE = _CX, Part("cnot", (1, 0)), _CX
_RZZ = _CX, Part("rz", (1,), factor=1), _CX
_CRY = Part("ry", (1,), factor=0.5), _CX, Part("ry", (1,), factor=-0.5), _CX
_CRX = _H[1], Part("crz", (0, 1), factor=1), _H[1]
_RZX = _H[1], *_RZZ, _H[1]

_SXC = _controlled(_SX, _I)
_CP = Part("p", (0,), factor=0.5), _CX, Part("p", (1,), factor=-0.5), _CX, Part("p", (1,), factor=0.5)
_CS = Part("t", (0,)), _CX, Part("tdg", (1,)), _CX, Part("t", (1,))
_CS_BACK = Part("tdg", (0,)), _CX, Part("t", (1,)), _CX, Part("tdg", (1,))
_S2, _S2_BACK = ((Part(name, (0,)), Part(name, (1,))) for name in ("s", "sdg"))
_ISWAP = *_S2, _H[0], _CX, Part("cnot", (1, 0)), _H[1]
_ISWAP_BACK = _H[1], Part("cnot", (1, 0)), _CX, _H[0], *_S2_BACK
_ISWAPPED = np.eye(4)[[0, 2, 1, 3]] * np.array([1, 1j, 1j, 1])
_ECR = np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / np.sqrt(2)
_ECR_CX = Part("s", (0,)), Part("h", (1,)), Part("s", (1,)), Part("h", (1,)), _CX, Part("x", (0,))
_ECR_EXACT = Part("rz", (0,), angle=np.pi / 2), Part("sx", (1,)), _CX, Part("x", (0,))
_CH = Part("ry", (1,), angle=-np.pi / 4), Part("cz", (0, 1)), Part("ry", (1,), angle=np.pi / 4)
_CSWAP = Part("cnot", (2, 1)), Part("toffoli", (0, 1, 2)), Part("cnot", (2, 1))

_SPECS = (
    GateSpec("h", ("H",), "h", matrix=(_X + _Z) / np.sqrt(2), tensorcircuit="h"),
    GateSpec("x", ("X",), "x", matrix=_X, tensorcircuit="x"),
    GateSpec("y", ("Y",), "y", matrix=_Y, tensorcircuit="y"),
    GateSpec("z", ("Z",), "z", matrix=_Z, tensorcircuit="z"),
    GateSpec("s", ("S",), "s", matrix=_S, inverse="sdg", tensorcircuit="s"),
    GateSpec("sdg", ("S†",), "sdg", matrix=_S.conj(), inverse="s", tensorcircuit="sd"),
    GateSpec("t", ("T",), "t", matrix=_T, inverse="tdg", tensorcircuit="t"),
    GateSpec("tdg", ("T†",), "tdg", matrix=_T.conj(), inverse="t"),  # TensorCircuit's `td` is of single precision
    GateSpec("sx", ("√X",), (_H[0], Part("s", (0,)), _H[0]), matrix=_SX, inverse="sxdg"),
    GateSpec("sxdg", ("√X†",), (_H[0], Part("sdg", (0,)), _H[0]), matrix=_SX.conj(), inverse="sx"),
    GateSpec("id", ("I",), "id", matrix=_I, tensorcircuit="i"),
    GateSpec("cnot", ("●", "X"), "cx", matrix=_CNOT, tensorcircuit="cnot"),
    GateSpec("cz", ("●", "●"), "cz", matrix=_controlled(_Z, _I), tensorcircuit="cz"),
    GateSpec("swap", ("x", "x"), _CX_THRICE, matrix=np.eye(4)[[0, 2, 1, 3]], tensorcircuit="swap"),
    GateSpec("toffoli", ("●", "●", "X"), "ccx", matrix=_controlled(_CNOT, np.eye(4)), tensorcircuit="toffoli"),
    GateSpec("cy", ("●", "Y"), "cy", matrix=_controlled(_Y, _I), tensorcircuit="cy"),
    GateSpec("ch", ("●", "H"), "ch", matrix=_controlled((_X + _Z) / np.sqrt(2), _I), product=_CH),
    GateSpec("csx", ("●", "√X"), (_H[1], *_CS, _H[1]), matrix=_SXC, inverse="csxdg"),
    GateSpec("csxdg", ("●", "√X†"), (_H[1], *_CS_BACK, _H[1]), matrix=_SXC.conj().T, inverse="csx"),
    GateSpec("iswap", ("iS", "iS"), _ISWAP, matrix=_ISWAPPED, inverse="iswapdg"),
    GateSpec("iswapdg", ("iS†", "iS†"), _ISWAP_BACK, matrix=_ISWAPPED.conj().T, inverse="iswap"),
    GateSpec("ecr", ("ECR", "ECR"), _ECR_CX, matrix=_ECR, product=_ECR_EXACT),
    GateSpec("cswap", ("●", "x", "x"), _CSWAP, matrix=np.eye(8)[[0, 1, 2, 3, 4, 6, 5, 7]]),
    GateSpec("p", ("P",), "u1", generator=_Z),
    GateSpec("cp", ("●", "P"), _CP, generator=np.diag([1, 1, 1, -1])),
    GateSpec("rx", ("RX",), "rx", generator=_X, tensorcircuit="rx"),
    GateSpec("ry", ("RY",), "ry", generator=_Y, tensorcircuit="ry"),
    GateSpec("rz", ("RZ",), "rz", generator=_Z, tensorcircuit="rz"),
    GateSpec("rxx", ("XX", "XX"), (*_H, *_RZZ, *_H), generator=np.kron(_X, _X), tensorcircuit="rxx"),
    GateSpec("ryy", ("YY", "YY"), (*_RX, *_RZZ, *_RX_BACK), generator=np.kron(_Y, _Y), tensorcircuit="ryy"),
    GateSpec("rzz", ("ZZ", "ZZ"), _RZZ, generator=np.kron(_Z, _Z), tensorcircuit="rzz"),
    GateSpec("rzx", ("ZX", "ZX"), _RZX, generator=np.kron(_Z, _X)),
    GateSpec("crx", ("●", "RX"), _CRX, generator=_controlled(_X, _NONE), tensorcircuit="crx"),
    GateSpec("cry", ("●", "RY"), _CRY, generator=_controlled(_Y, _NONE), tensorcircuit="cry"),
    GateSpec("crz", ("●", "RZ"), "crz", generator=_controlled(_Z, _NONE), tensorcircuit="crz"),
)

GATES: Mapping[str, GateSpec] = {spec.name: spec for spec in _SPECS}
"""Every gate, by its name."""
