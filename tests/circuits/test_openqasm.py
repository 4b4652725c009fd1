from pathlib import Path

import jax
import numpy as np
import pytest
import qiskit.qasm2
import qiskit.qasm3
from qiskit.quantum_info import Operator, Statevector

import jaxqkd as jq
from jaxqkd.circuits import Circuit, Gate, from_qasm, hea, reuploading, to_qasm
from jaxqkd.circuits.openqasm import definitions, tokens
from tests import reference
from tests.circuits.random_circuits import rich_circuit

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'

NEW_PROGRAM = (
    HEAD
    + """
input float[64] theta_0; input float theta_1; input array[float[64], 2] x;
/* two
   lines */ const float half = pi / 2;
gate turn(a, b) p, q { rz(a / 2 + b) p; cx p, q; inv @ s q; }
qubit[2] q; qubit r; bit[3] c;
h q; sx r;
for uint i in [0:1] { turn(2 * theta_0 + half, -x[i]) q[i], r; }
for int k in {3, 1} p(k * pi / 8) r;
rz(2 * (pi - x[0]) * (pi - x[1])) r; // a product
u3(0.1, 0.2, 0.3) q[0]; U(0.3, 0.2, 0.1) q[1]; u2(theta_1, 0.4) r;
ctrl @ rx(theta_1 - 0.1) q[0], r; inv @ pow(2) @ t q[1]; pow(-1) @ turn(0.2, 0.1) q[1], r;
cu(0.1, 0.2, 0.3, 0.4) q[0], q[1]; swap q[0], r; ccx q[0], q[1], r; cp(0.7) q[0], r; id r;
cx q, r; gphase(0.3); barrier q;
"""
)

OLD_PROGRAM = (
    OLD
    + """
qreg a[2]; qreg b[1]; creg c[3];
gate bell(t) x,y { h x; cx x,y; u1(t^2) y; barrier x,y; }
bell(0.3) a[0],a[1]; u3(pi/2, -pi/4, sin(0.3)) b[0]; cu1(0.3) a[0],b[0]; rzz(0.4) a[0],b[0];
crz(ln(2)) a[1],b[0]; cu3(.1,.2,.3) a[0],a[1]; sdg a; tdg b[0]; cy a[0],a[1]; ch a[1],b[0]; cswap a[0],a[1],b[0];
measure b[0] -> c[2]; measure a[1] -> c[0];
"""
)


def unitary(imported, values, x):
    return reference.unitary(imported.circuit, imported.assigned(values), x)


def test_a_program_of_version_3_is_what_qiskit_reads():
    values, x = {"theta_0": 0.3, "theta_1": -0.8}, np.array([0.4, 1.3])
    bound = NEW_PROGRAM.replace("input array[float[64], 2] x;", "")
    bound = bound.replace("input float[64] theta_0; input float theta_1;", "")
    bound = bound.replace("for uint i in [0:1] { turn(2 * theta_0 + half, -x[i]) q[i], r; }", "LOOP")
    loop = "turn(0.6 + half, -0.4) q[0], r; turn(0.6 + half, -1.3) q[1], r;"
    bound = bound.replace("for int k in {3, 1} p(k * pi / 8) r;", "p(3 * pi / 8) r; p(pi / 8) r;")
    bound = bound.replace("LOOP", loop).replace("x[0]", "0.4").replace("x[1]", "1.3")
    bound = bound.replace("theta_0", "0.3").replace("theta_1", "(-0.8)").replace("inv @ pow(2) @ t", "inv @ s")
    bound = bound.replace("pow(-1) @ turn", "inv @ turn").replace("const float half = pi / 2;", "")
    bound = bound.replace("half", "pi / 2").replace("u2(", "U(pi/2, ")
    theirs = Operator(qiskit.qasm3.loads(bound)).data
    found = from_qasm(NEW_PROGRAM)
    assert reference.distance(unitary(found, values, x), reference.reversed_qubits(theirs)) < 1e-6
    assert found.features == ("x[0]", "x[1]")
    assert (found.theta, found.names, found.measured) == (None, (("theta_0", "theta_1"),), None)


def test_a_program_of_version_2_is_what_qiskit_reads():
    found = from_qasm(OLD_PROGRAM)
    theirs = qiskit.qasm2.loads(OLD_PROGRAM, custom_instructions=qiskit.qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    theirs.remove_final_measurements()
    expected = reference.reversed_qubits(Operator(theirs).data)
    assert reference.distance(reference.unitary(found.circuit, found.theta), expected) < 1e-6
    assert found.measured == (1, 2)
    assert found.circuit.shape == (1, 0)


def test_the_logits_of_an_imported_student_are_those_of_qiskit():
    text = (
        HEAD + "input float x0; input float x1; input float theta_0; input float theta_1;\nqubit[2] q; bit[2] c;\n"
    )
    text += "ry(2 * x0) q[0]; ry(x1 + pi / 4) q[1]; rz(theta_0) q[0]; cx q[0], q[1]; ry(theta_1) q[1];\n"
    found = from_qasm(text + "c[0] = measure q[1];\n")
    assert (found.measured, found.features) == ((1,), ("x0", "x1"))
    theta, x = np.array([0.4, -0.9]), np.array([[0.3, 0.5], [1.1, -0.2]])
    with jax.enable_x64(True):
        student = jq.models.student_of(found, classes=2)
        params = student.init(jax.random.key(0), x)
        params["params"]["theta"] = found.assigned({"theta_0": theta[0], "theta_1": theta[1]})
        ours = np.asarray(student.apply(params, x))
        head = jax.tree.map(np.asarray, params["params"]["head"])
    for row, logits in zip(x, ours, strict=True):
        circuit = qiskit.qasm3.loads(text)
        values = {"x0": row[0], "x1": row[1], "theta_0": theta[0], "theta_1": theta[1]}
        circuit = circuit.assign_parameters({p: values[p.name] for p in circuit.parameters})
        none, one = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities([1])
        np.testing.assert_allclose(logits, (none - one) * head["kernel"][0] + head["bias"], atol=1e-6)


def test_equal_layers_are_found_or_counted():
    text = "input array[float, 6] theta; qubit[2] q; h q; for int k in [0:2] { "
    text += "ry(theta[2 * k]) q[0]; ry(theta[2 * k + 1]) q[1]; cz q[0], q[1]; }"
    found = from_qasm(text)
    assert (found.circuit.shape, len(found.circuit.prefix)) == ((3, 2), 2)
    assert found.names[1] == ("theta[2]", "theta[3]")
    assert from_qasm(text, layers=3).circuit == found.circuit
    with pytest.raises(ValueError, match="`layers` must divide the gates into layers that are equal, but is 5"):
        from_qasm(text, layers=5)
    shared = from_qasm("input float theta; qubit q; rx(theta) q; rx(theta) q;")
    assert shared.circuit.shape == (1, 1)


def test_who_is_trained_is_said_by_name():
    text = "input float a; input float b_0; input float b_1; qubit q; rx(a) q; ry(b_0 * b_1 - 1) q; ry(b_0) q;"
    found = from_qasm(text, trained=("a",), features=("b",))
    gates = [Gate("rx", (0,), theta=0), Gate("ry", (0,), x=(0, 1), offset=-1.0), Gate("ry", (0,), x=0)]
    assert found.circuit.gates == tuple(gates)
    for options, message in [
        ({}, r"one with 'a', which is neither. Say which it is: trained=\(\"a\",\) or features=\(\"a\",\)"),
        ({"trained": ("a",)}, r"one with 'b_0', which is neither"),
        (
            {"trained": ("a", "b"), "features": ("b",)},
            r"name each parameter once, but is both with \['b_0', 'b_1'\]",
        ),
        (
            {"trained": ("a", "c"), "features": ("b",)},
            r"`trained` must name parameters .*\(a, b_0, b_1\), but is 'c'",
        ),
        ({"trained": "a", "features": ("b",)}, r"`trained` must be a tuple of names"),
        (
            {"trained": ("a", "b")},
            r"angles that are linear in its trained parameters, but is one with b_0 \* b_1 in",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            from_qasm(text, **options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("qubit[2] q;\nh q[2];", r"name qubits 0 ... 1 of 'q', but is q\[2\] in line 2"),
        ("qubit q;\nfoo q;", r"have known gates, but is the gate 'foo' in line 2. Define it by `gate foo"),
        ("qubit[2] q; cx q[0];", r"give 'cx' 0 angles and 2 qubits, but is 0 angles and 1 qubits in line 1"),
        ("qubit q; rx(a) q;", r"declare its parameters, but is 'a', which is not declared, in line 1"),
        (
            "input float theta; qubit q; rx(sin(theta)) q;",
            r"but is sin\(theta\) is not linear in line 1.*FunctionSt",
        ),
        ("input float theta; qubit q; rx(1 / theta) q;", r"division by theta is not linear"),
        ("qubit q; rx(1 / 0) q;", "division by zero in line 1"),
        ("qubit q; rx(1e999) q;", "a number is not finite in line 1"),
        (
            "qubit q; bit c; c = measure q; x q;",
            "measure at the end, but is a gate on qubit 0 after its measurement",
        ),
        ("qubit q; bit c;\nif (c == 1) x q;", r"but is `if` in line 2. Gates, measurements at the end"),
        ("qubit q; x q; reset q;", "have no reset after gates, but is a reset of qubit 0"),
        ("qubit q; negctrl @ x q, q;", "have the modifiers inv, pow and ctrl, but is the modifier 'negctrl'"),
        ("OPENQASM 4.0; qubit q;", "be OpenQASM 2 or 3, but is version 4.0 in line 1"),
        ('include "mine.inc";', r"include stdgates.inc or qelib1.inc alone, but is \"mine.inc\" in line 1"),
        ("qubit[33] q;", r"have 1 ... 32 qubits in all, but is a register of 33 qubits in line 1"),
        ("qubit q; qubit q;", "declare each name once, but is 'q', which has been declared before, in line 1"),
        ("bit c;", "declare qubits, but is without any"),
        ("qubit q; x q", "have ';' there, but is 'the end of the text' in line 1"),
        ("\x00\x01", r"have characters of OpenQASM alone, but is the character '\\x00' in line 1"),
        ("input bool b;", "have inputs of the types float and angle, but is an input of the type bool"),
        ("gate a q { b q; } gate b q { a q; } qubit q; a q;", "define gates by gates that are known before"),
        ("gate a q { a q; } qubit q; a q;", "define gates by gates that are known before, but is the gate 'a'"),
        ("qubit q; for int i in [0:0:3] x q;", "have steps that are not 0"),
        ("qubit[2] a; qubit[3] b; cx a, b;", r"use registers of one size in a gate, but is registers of \[2, 3\]"),
    ],
)
def test_what_is_not_read_is_refused_by_its_line(text, message):
    with pytest.raises(ValueError, match=message):
        from_qasm(text)


def doubling(levels):
    gates = "gate g0 q { x q; }" + "".join(f"gate g{n} q {{ g{n - 1} q; g{n - 1} q; }}" for n in range(1, levels))
    return gates + f"qubit q; g{levels - 1} q;"


def chain(levels):
    gates = "gate g0 q { x q; }" + "".join(f"gate g{n} q {{ g{n - 1} q; }}" for n in range(1, levels))
    return gates + f"qubit q; g{levels - 1} q;"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * (tokens.LONGEST + 1), "have at most 4,194,304 characters"),
        ("qubit q; rx(" + "(" * 5000 + "1" + ")" * 5000 + ") q;", "at most 100 parentheses within each other"),
        ("qubit q; rx(" + "1+" * 5000 + "1) q;", "too long an expression in line 1"),
        ("qubit q; rx(" + "2**" * 5000 + "1) q;", "towers of at most 100 powers"),
        ("qubit q; " + "for int i in [0:1] " * 60, "have at most 20 blocks within each other"),
        (doubling(60), "amount to at most 200,000 gates"),
        (doubling(60).replace("{ x q; }", "{ }"), "amount to at most 200,000 gates"),
        (chain(1000), "have at most 100 definitions in each other"),
        ("qubit q; for int i in [0:1000000000000] { }", "amount to at most 200,000 gates and turns of loops"),
        ("qubit q; pow(1e300) @ x q;", "amount to at most 200,000 gates"),
        ("input array[float, 1000000000] x;", "have 1 ... 100000 inputs in all"),
        ("input float x; qubit q; rx((x + 1) ** 9) q;", "degree 8 at most"),
    ],
)
def test_hostile_programs_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        from_qasm(text)


def test_a_definition_in_definitions_is_carried_out():
    assert from_qasm(doubling(8)).circuit.layers == 128
    assert from_qasm(chain(definitions.DEEPEST)).circuit.gates == (Gate("x", (0,)),)


def test_a_file_is_read_and_what_is_none_refused(tmp_path):
    file = tmp_path / "circuit.qasm"
    file.write_text(OLD_PROGRAM)
    assert from_qasm(file).circuit == from_qasm(OLD_PROGRAM).circuit
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="be a file of text in UTF-8"):
        from_qasm(file)
    with pytest.raises(ValueError, match="be a file that is there, but is"):
        from_qasm(Path(tmp_path / "none.qasm"))
    with pytest.raises(ValueError, match="be the text of a program, but is a int"):
        from_qasm(3)


@pytest.mark.parametrize("seed", range(3))
def test_the_round_trip_keeps_the_unitary_of_a_random_circuit(seed):
    circuit, theta, x = rich_circuit(seed)
    expected = reference.unitary(circuit, theta, x)
    found = from_qasm(to_qasm(circuit))
    assert found.circuit.layers == circuit.layers
    values = {f"theta_{index}": value for index, value in enumerate(theta.ravel())}
    assert reference.distance(unitary(found, values, x), expected) < 1e-6
    for version in (2, 3):
        bound = from_qasm(to_qasm(circuit, theta, x, version=version)).circuit
        assert reference.distance(reference.unitary(bound, np.zeros(bound.shape)), expected) < 1e-6
    theirs = Operator(qiskit.qasm3.loads(to_qasm(circuit, theta, x))).data
    assert reference.distance(reference.reversed_qubits(theirs), expected) < 1e-6


def test_plain_circuits_come_back_as_they_were():
    circuit = reuploading(hea(qubits=2, layers=3), features=2)
    found = from_qasm(to_qasm(circuit, measured=(1, 0)))
    assert (found.circuit, found.measured) == (circuit, (1, 0))
    assert found.features == ("x0", "x1")


def test_what_cannot_be_written_is_refused():
    circuit = Circuit(1, 2, (Gate("rx", (0,), theta=0), Gate("ry", (0,), x=0)))
    for options, message in [
        ({"version": 2}, "`theta, x` must be given for OpenQASM 2, which has no inputs"),
        ({"version": 4}, "`version` must be one of 2, 3, but is 4"),
        ({"theta": [[0.1]]}, r"`theta` must have the shape \(2, 1\), but is \(1, 1\)"),
        ({"x": []}, r"`x` must have the shape \[D\] with D of at least 1"),
        ({"measured": (1,)}, "`measured` must name distinct qubits"),
    ]:
        with pytest.raises(ValueError, match=message):
            to_qasm(circuit, **options)
    assert "bit" not in to_qasm(circuit, [[0.1], [0.2]], [0.3]).replace("qubit", "")
