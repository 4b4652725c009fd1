"""Parsing of OpenQASM 2 and 3 into statements."""

from jaxqkd.circuits.openqasm import expressions, operands
from jaxqkd.circuits.openqasm.operands import CURE
from jaxqkd.circuits.openqasm.tokens import Cursor, refusal, tokens
from jaxqkd.circuits.openqasm.tree import (
    Barrier,
    Constant,
    Definition,
    Loop,
    Measurement,
    Operand,
    Parameter,
    Register,
    Statement,
)

DEEPEST = 20
"""Most loops within each other."""

LIBRARIES = ("stdgates.inc", "qelib1.inc")
_REFUSED = (
    *(
        "if",
        "else",
        "while",
        "switch",
        "def",
        "defcal",
        "cal",
        "defcalgrammar",
        "opaque",
        "extern",
        "output",
        "let",
    ),
    *("return", "end", "break", "continue", "box", "delay", "stretch", "duration", "bool", "complex", "array"),
)
_NUMBERS = ("float", "angle", "int", "uint")


def parse(text: str) -> list[Statement]:
    """Returns the statements of a program, in order; refuses others with their line."""
    cursor = Cursor(tokens(text))
    _version(cursor)
    listed: list[Statement] = []
    while cursor.next.kind != "end":
        listed += _statement(cursor, 0)
    return listed


def _version(cursor: Cursor) -> None:
    if not cursor.skip("OPENQASM"):
        return
    version = cursor.take()
    if version.text not in ("2", "2.0", "3", "3.0", "3.1"):
        raise refusal(version.line, f"version {version.text}", "be OpenQASM 2 or 3")
    cursor.expect(";")


def _statement(cursor: Cursor, depth: int) -> list[Statement]:
    """Returns the statement at the cursor: none for an include, two for a register that holds a measurement."""
    token = cursor.next
    if token.kind != "name":
        raise refusal(token.line, repr(token.text), "have a statement there", CURE)
    if token.text in _REFUSED:
        raise refusal(token.line, f"`{token.text}`", "have statements of circuits alone", CURE)
    match token.text:
        case "include":
            return _include(cursor)
        case "qreg" | "creg" | "qubit" | "bit":
            return _register(cursor)
        case "input":
            return [_input(cursor)]
        case "const" | "float" | "angle" | "int" | "uint":
            return [_constant(cursor)]
        case "gate":
            return [_definition(cursor, depth)]
        case "for":
            return [_loop(cursor, depth)]
        case "barrier" | "reset":
            return [_barrier(cursor)]
        case "measure":
            return [_measure(cursor, None)]
        case _:
            return [_other(cursor)]


def _include(cursor: Cursor) -> list[Statement]:
    cursor.take()
    file = cursor.take()
    if file.text.strip("\"'") not in LIBRARIES:
        cure = "Copy the gate definitions that it needs into the text."
        raise refusal(file.line, file.text, f"include {' or '.join(LIBRARIES)} alone", cure)
    cursor.expect(";")
    return []


def _register(cursor: Cursor) -> list[Statement]:
    kind = cursor.take()
    is_old = kind.text.endswith("reg")
    size = None if is_old else operands.size(cursor)
    name = cursor.name()
    size = operands.size(cursor) if is_old else size
    register = Register(name.text, kind.line, kind.text in ("qreg", "qubit"), size)
    if cursor.skip("="):
        return [register, _measure(cursor, Operand(name.text, kind.line))]
    cursor.expect(";")
    return [register]


def _input(cursor: Cursor) -> Parameter:
    cursor.take()
    is_array = cursor.skip("array")
    if is_array:
        cursor.expect("[")
    kind = cursor.name()
    if kind.text not in ("float", "angle"):
        raise refusal(kind.line, f"an input of the type {kind.text}", "have inputs of the types float and angle")
    operands.size(cursor)
    size = None
    if is_array:
        cursor.expect(",")
        size = expressions.parse(cursor)
        cursor.expect("]")
    name = cursor.name()
    cursor.expect(";")
    return Parameter(name.text, name.line, size)


def _constant(cursor: Cursor) -> Constant:
    cursor.skip("const")
    kind = cursor.name()
    if kind.text not in _NUMBERS:
        raise refusal(
            kind.line, f"the type {kind.text}", f"have constants of the types {', '.join(_NUMBERS)}", CURE
        )
    operands.size(cursor)
    name = cursor.name()
    cursor.expect("=")
    value = expressions.parse(cursor)
    cursor.expect(";")
    return Constant(name.text, name.line, value)


def _definition(cursor: Cursor, depth: int) -> Definition:
    line = cursor.take().line
    if depth:
        raise refusal(line, "a gate definition in a block", "define its gates outside of blocks")
    name = cursor.name()
    parameters: list[str] = []
    if cursor.skip("(") and not cursor.skip(")"):
        parameters = _names(cursor)
        cursor.expect(")")
    qubits = _names(cursor)
    return Definition(name.text, line, tuple(parameters), tuple(qubits), _block(cursor, depth + 1))


def _names(cursor: Cursor) -> list[str]:
    names = [cursor.name().text]
    while cursor.skip(","):
        names.append(cursor.name().text)
    return names


def _block(cursor: Cursor, depth: int) -> tuple[Statement, ...]:
    if depth > DEEPEST:
        raise refusal(cursor.next.line, f"more than {DEEPEST}", f"have at most {DEEPEST} blocks within each other")
    if not cursor.skip("{"):
        return tuple(_statement(cursor, depth))
    body: list[Statement] = []
    while not cursor.skip("}"):
        body += _statement(cursor, depth)
    return tuple(body)


def _loop(cursor: Cursor, depth: int) -> Loop:
    line = cursor.take().line
    if cursor.after.text != "in":
        cursor.name()
        operands.size(cursor)
    variable = cursor.name()
    cursor.expect("in")
    is_range = cursor.next.text == "["
    cursor.expect("[" if is_range else "{")
    values = [expressions.parse(cursor)]
    while cursor.skip(":" if is_range else ","):
        values.append(expressions.parse(cursor))
    cursor.expect("]" if is_range else "}")
    if is_range and len(values) not in (2, 3):
        raise refusal(line, f"{len(values)} numbers", "have ranges of two or three numbers")
    return Loop(variable.text, line, tuple(values), is_range, _block(cursor, depth + 1))


def _barrier(cursor: Cursor) -> Barrier:
    token = cursor.take()
    listed = [] if cursor.next.text == ";" else operands.several(cursor)
    cursor.expect(";")
    return Barrier(token.text, token.line, tuple(listed))


def _measure(cursor: Cursor, bits: Operand | None) -> Measurement:
    line = cursor.expect("measure").line
    qubits = operands.one(cursor)
    if bits is None and cursor.skip("->"):
        bits = operands.one(cursor)
    cursor.expect(";")
    return Measurement(qubits, line, bits)


def _other(cursor: Cursor) -> Statement:
    """Returns the measurement `bits = measure qubits;` or the gate at the cursor."""
    if cursor.after.text in ("=", "["):
        bits = operands.one(cursor)
        cursor.expect("=")
        return _measure(cursor, bits)
    return operands.call(cursor)
