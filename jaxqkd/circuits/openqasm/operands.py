"""Parsing of gates in OpenQASM, with their modifiers, angles and operands."""

from jaxqkd.circuits.openqasm import expressions
from jaxqkd.circuits.openqasm.expressions import Expression
from jaxqkd.circuits.openqasm.tokens import Cursor, refusal
from jaxqkd.circuits.openqasm.tree import Call, Operand

CURE = "Gates, measurements at the end, inputs, constants, gate definitions and for loops are read."


def call(cursor: Cursor) -> Call:
    """Returns the gate at the cursor, with its modifiers, angles and qubits."""
    modifiers: list[tuple[str, Expression | None]] = []
    while cursor.next.text in ("inv", "ctrl", "pow", "negctrl") and cursor.after.text in ("@", "("):
        kind, exponent = cursor.take(), None
        if cursor.skip("("):
            exponent = expressions.parse(cursor)
            cursor.expect(")")
        cursor.expect("@")
        modifiers.append((kind.text, exponent))
    name = cursor.name()
    angles: list[Expression] = []
    if cursor.skip("(") and not cursor.skip(")"):
        angles = [expressions.parse(cursor)]
        while cursor.skip(","):
            angles.append(expressions.parse(cursor))
        cursor.expect(")")
    is_whole = name.text == "gphase"
    if not is_whole and cursor.next.kind != "name":
        raise refusal(
            name.line, f"{name.text!r} and {cursor.next.text!r}", "have gates with their qubits there", CURE
        )
    operands = [] if is_whole else several(cursor)
    cursor.expect(";")
    return Call(name.text, name.line, tuple(angles), tuple(operands), tuple(modifiers))


def several(cursor: Cursor) -> list[Operand]:
    """Returns the operands at the cursor, with commas between them."""
    operands = [one(cursor)]
    while cursor.skip(","):
        operands.append(one(cursor))
    return operands


def one(cursor: Cursor) -> Operand:
    """Returns the operand at the cursor."""
    name = cursor.name()
    if not cursor.skip("["):
        return Operand(name.text, name.line)
    first, last = expressions.parse(cursor), None
    if cursor.skip(":"):
        last = expressions.parse(cursor)
    cursor.expect("]")
    return Operand(name.text, name.line, first, last)


def size(cursor: Cursor) -> Expression | None:
    """Returns the expression in brackets at the cursor, or None without brackets."""
    if not cursor.skip("["):
        return None
    size = expressions.parse(cursor)
    cursor.expect("]")
    return size
