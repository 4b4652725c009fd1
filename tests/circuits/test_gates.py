"""Every entry of the table of gates through every interpreter, and gates that are added by an entry alone."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import backend
from jaxqkd.circuits import GATES, Circuit, Gate, GateSpec, Part, describe, matrix, mirrored, to_tensorcircuit
from jaxqkd.circuits.openqasm import to_qasm
from jaxqkd.export import judging
from jaxqkd.quantum import NoiseModel, paulis
from jaxqkd.quantum.simulators import pauli, statevector
from jaxqkd.quantum.simulators.statevector import lowering, primitives
from tests import reference

ANGLE = 0.7
X, Y, Z = (reference.PAULIS[letter] for letter in "xyz")
S, H = reference.GATES["s"], reference.GATES["h"]
PLACES = {1: (1,), 2: (2, 0), 3: (1, 2, 0)}
"""Where a gate acts on three qubits."""


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def exponential(generator, angle):
    values, vectors = np.linalg.eigh(generator)
    return vectors @ np.diag(np.exp(-0.5j * angle * values)) @ vectors.conj().T


def check_matrix_and_transfer(name, expected, angle):
    close(matrix(name, angle), expected)
    strings = np.stack([reference.kron(pair) for pair in _products(int(np.log2(len(expected))))])
    transfer = np.einsum("aij,jk,bkl,il->ab", strings, expected, strings, expected.conj()).real / len(expected)
    close(paulis.transfer(name, angle), transfer)


def _products(count):
    letters = reference.PAULIS.values()
    return [()] if count == 0 else [(*rest, letter) for rest in _products(count - 1) for letter in letters]


def check_lowering(gate, expected):
    """By trained angles and by features; a gate without a lowering is refused."""
    by_feature = gate._replace(theta=None, x=gate.theta)
    embedded = reference.embed(expected, gate.qubits, 3)
    if not lowering.has_lowering(gate):
        with pytest.raises(
            ValueError, match=rf"`circuit` must have fused kernels .* but is one with \['{gate.name}'\]"
        ):
            lowering.steps((gate,), 3)
        return
    circuit = Circuit(3, 1, (gate,), (Gate("h", (0,)), by_feature))
    real, imaginary = jax.jit(lambda theta, x: statevector.final_states(circuit, theta, jnp.eye(8)[:2], x=x))(
        jnp.full(circuit.shape, ANGLE), jnp.full((2, 1), ANGLE)
    )
    close(real + 1j * imaginary, (embedded @ embedded @ reference.embed(H, (0,), 3)).T[:2])


def check_pauli_path(gate, expected):
    """Observables carried backwards under noise, of strength 0 here."""
    circuit = Circuit(3, 1, (gate,), tuple(Gate(name, (q,)) for q in range(3) for name in ("h", "t")))
    prefix = reference.unitary(replace(circuit, gates=()), np.zeros((1, 0)))
    final = reference.embed(expected, gate.qubits, 3) @ prefix @ np.eye(8)[:, 3]
    read = [(final.conj() @ reference.embed(Z, (qubit,), 3) @ final).real for qubit in range(3)]
    theta = jnp.full(circuit.shape, ANGLE)
    close(pauli.expectations(circuit, theta, jnp.eye(8)[3:4], measured=range(3), noise=NoiseModel())[0], read)


def check_drawing(gate):
    description = describe(Circuit(3, 1, (gate,)))
    symbols = GATES[gate.name].symbols
    for qubit, symbol in zip(gate.qubits, symbols, strict=True):
        angle = "(t0)" if gate.theta is not None and symbol != "●" else ""
        assert f"─{symbol}{angle}─" in description.drawing.splitlines()[qubit]
    assert description.gates == {gate.name: 1}


def check_mirror(gate):
    circuit = mirrored(Circuit(3, 1, (gate,)))
    theta = [[ANGLE, -ANGLE]] if gate.theta is not None else np.zeros((1, 0))
    full = np.eye(8)
    for one in circuit.gates:
        own = matrix(one.name, None if one.theta is None else jnp.float32(theta[0][one.theta]))
        full = reference.embed(np.asarray(own), one.qubits, 3) @ full
    close(full, np.eye(8))


def check_openqasm(gate, expected, version):
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    circuit = Circuit(3, 1, (gate,))
    text = to_qasm(circuit, np.full(circuit.shape, ANGLE), measured=(0, 1, 2), version=version)
    program = judging.parse(text).remove_final_measurements(inplace=False)
    found = operator(program.reverse_bits()).data  # Qiskit's qubit 0 is the least significant
    overlap = np.trace(found.conj().T @ reference.embed(expected, gate.qubits, 3)) / 8
    assert abs(overlap) == pytest.approx(1, abs=1e-9)  # equal up to a global phase


def check_tensorcircuit(gate, expected):
    places = tuple(range(len(gate.qubits)))
    circuit = Circuit(len(places), 1, (gate._replace(qubits=places),))
    with backend.on_jax("complex64"):
        whole = to_tensorcircuit(circuit, jnp.full(circuit.shape, ANGLE))
        close(whole.quoperator().eval_matrix(), expected)


def check_everywhere(name, expected):
    spec = GATES[name]
    gate = Gate(name, PLACES[spec.qubits], theta=0 if spec.is_rotation else None)
    check_matrix_and_transfer(name, expected, jnp.float32(ANGLE) if spec.is_rotation else None)
    check_lowering(gate, expected)
    check_pauli_path(gate, expected)
    check_drawing(gate)
    check_mirror(gate)
    for version in (2, 3):
        check_openqasm(gate, expected, version)
    check_tensorcircuit(gate, expected)


QISKIT = {"cnot": "cx", "toffoli": "ccx"}
"""Methods of Qiskit's circuits with other names than here."""


@pytest.mark.parametrize("name", GATES)
def test_every_gate_is_qiskits_up_to_a_global_phase(name):
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    spec = GATES[name]
    circuit = pytest.importorskip("qiskit").QuantumCircuit(spec.qubits)
    base = name.removesuffix("dg") if name in ("csxdg", "iswapdg") else name
    angles = (ANGLE,) if spec.is_rotation else ()
    getattr(circuit, QISKIT.get(base, base))(*angles, *range(spec.qubits))
    theirs = operator((circuit if base == name else circuit.inverse()).reverse_bits()).data
    overlap = np.trace(theirs.conj().T @ np.asarray(matrix(name, *angles))) / len(theirs)
    assert abs(overlap) == pytest.approx(1, abs=1e-6)


def test_the_reference_has_every_gate():
    assert {*reference.FIXED, *reference.ROTATIONS} == set(GATES)
    assert all(spec.name == name for name, spec in GATES.items())


@pytest.mark.parametrize("name", GATES)
def test_every_gate_through_every_interpreter(name):
    check_everywhere(name, reference.matrix(name, ANGLE if GATES[name].is_rotation else None))


def _half(parts):
    return tuple(part if part.factor is None else part._replace(factor=0.5) for part in parts)


def _on_one(*names):
    return tuple(Part(name, (0,)) for name in names)


TWO_CNOTS = Part("cnot", (0, 1)), Part("cnot", (1, 0))
DCX = reference.embed(reference.GATES["cnot"], (1, 0), 2) @ reference.GATES["cnot"]
"""A permutation of order three, whose direction matters."""
ADDED = {
    "v": (GateSpec("v", ("V",), _on_one("h", "s", "h"), matrix=H @ S @ H, inverse="vdg"), True),
    "vdg": (GateSpec("vdg", ("V†",), _on_one("h", "sdg", "h"), matrix=H @ S.conj() @ H, inverse="v"), True),
    "own_cy": (
        GateSpec(
            "own_cy",
            ("●", "Y"),
            (Part("sdg", (1,)), Part("cnot", (0, 1)), Part("s", (1,))),
            matrix=np.kron(reference.ZERO, np.eye(2)) + np.kron(reference.ONE, Y),
            tensorcircuit="cy",
        ),
        True,
    ),
    "hz": (GateSpec("hz", ("HZ",), _on_one("z", "h"), matrix=H @ Z, inverse="zh"), True),
    "zh": (GateSpec("zh", ("ZH",), _on_one("h", "z"), matrix=Z @ H, inverse="hz"), True),
    "ry-": (GateSpec("ry-", ("RY-",), (Part("ry", (0,), factor=-1),), generator=-Y), True),
    "dcx": (GateSpec("dcx", ("D", "D"), TWO_CNOTS, matrix=DCX, inverse="dcxdg"), True),
    "dcxdg": (GateSpec("dcxdg", ("D†", "D†"), TWO_CNOTS[::-1], matrix=DCX.T, inverse="dcx"), True),
    "sh": (GateSpec("sh", ("SH",), _on_one("h", "s"), matrix=S @ H, inverse="hsdg"), True),
    "hsdg": (GateSpec("hsdg", ("HS†",), _on_one("sdg", "h"), matrix=H @ S.conj(), inverse="sh"), True),
    "rxy": (
        GateSpec(
            "rxy",
            ("XY", "XY"),
            (*_half(GATES["rxx"].openqasm), *_half(GATES["ryy"].openqasm)),
            generator=(np.kron(X, X) + np.kron(Y, Y)) / 2,
        ),
        False,
    ),
}
"""Gates that are not in the table, and whether they have a lowering."""


@pytest.mark.parametrize("name", ADDED)
def test_a_gate_added_by_its_entry_alone_goes_through_every_interpreter(name, monkeypatch):
    for added, (spec, _) in ADDED.items():
        monkeypatch.setitem(GATES, added, spec)
    spec, lowers = ADDED[name]
    gate = Gate(name, PLACES[spec.qubits], theta=0 if spec.is_rotation else None)
    assert lowering.has_lowering(gate) is lowers
    check_everywhere(name, exponential(spec.generator, ANGLE) if spec.is_rotation else spec.matrix)


@pytest.mark.parametrize("seed", range(5))
def test_a_complex_gate_on_one_qubit_is_a_real_one_between_phases(seed, monkeypatch):
    unitary, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(2, 2, 2)) @ [1, 1j])
    name = f"complex {seed}"
    monkeypatch.setitem(GATES, name, GateSpec(name, ("C",), (), matrix=unitary, inverse=name))
    kinds = [part.kind for part in primitives.primitives(Gate(name, (1,)))]
    assert kinds == ["phase", "local", "phase"]
    check_lowering(Gate(name, (1,)), unitary)
    check_matrix_and_transfer(name, unitary, None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "real") for name in ("h", "x", "ry")),
        *((name, "diagonal") for name in ("z", "s", "tdg", "cz", "rz", "rzz", "crz", "id", "p", "cp")),
        *((name, "permutation") for name in ("cnot", "swap", "toffoli", "cswap")),
        *((name, "other") for name in ("y", "sx", "rx", "rxx", "ryy", "crx", "cry", "ecr", "iswap")),
    ],
)
def test_the_kind_of_a_gate_follows_from_its_matrix(name, kind):
    assert GATES[name].kind == kind


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"`matrix, generator` must be given, one of them alone, but is \[\]"),
        ({"matrix": X, "generator": X}, r"one of them alone, but is \['matrix', 'generator'\]"),
        ({"matrix": np.eye(4)}, r"`matrix` must have the shape \[2, 2\], but is \(4, 4\)"),
        ({"matrix": X + Z}, "`matrix` must be unitary"),
        ({"matrix": S}, "`inverse` must name the gate that undoes a gate whose square is not 1, but is None"),
        ({"generator": S}, "`generator` must be Hermitian with eigenvalues"),
        ({"generator": 2 * X}, r"eigenvalues -1, 0, 1, .* Divide it by its largest eigenvalue"),
    ],
)
def test_an_entry_that_is_no_gate_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GateSpec("g", ("G",), "g", **arguments)


def test_what_the_refusals_of_entries_leave_is_accepted():
    assert GateSpec("g", ("G",), "g", matrix=[[0, 1], [1, 0]]).kind == "real"
    assert GateSpec("g", ("G",), "g", matrix=S, inverse="sdg").kind == "diagonal"
    assert GateSpec("g", ("●", "G"), "g", generator=np.diag([1, 1, 1, -1])).kind == "diagonal"
    assert GateSpec("g", ("●", "●", "●"), "g", matrix=np.diag([1] * 7 + [-1])).qubits == 3


@pytest.mark.parametrize("function", [matrix, paulis.transfer])
def test_matrices_need_an_angle_for_rotations_alone(function):
    with pytest.raises(ValueError, match="`angle` must be given for 'rx', a rotation, but is None"):
        function("rx")
    with pytest.raises(ValueError, match="`angle` must be None for 'h', which has none, but is a number"):
        function("h", jnp.float32(0.3))
    with pytest.raises(ValueError, match=r"`name` must be one of 'ch', .* but is 'g'"):
        function("g")
    assert function("rx", jnp.float32(0.3)).shape == function("h").shape
