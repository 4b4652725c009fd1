"""Expressions of OpenQASM: parsed into trees, and evaluated to polynomials of the parameters."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from jaxqkd.circuits import polynomials
from jaxqkd.circuits.openqasm.tokens import Cursor, Token, refusal
from jaxqkd.circuits.polynomials import Polynomial

DEEPEST = 100
"""Most parentheses within each other."""

CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e}

Scope = Mapping[str, Polynomial]
"""The values of names."""

_WEAK, _STRONG = ("+", "-"), ("*", "/", "%")
CURE = (
    "Angles may be sums and products of parameters and numbers; jaxqkd.models.FunctionStudent takes any function."
)


class Expression(NamedTuple):
    """A number, a name, an operation or a function of other expressions.

    Attributes:
        token: The number, the name or the operator; "[" for an entry of an array.
        parts: What it is applied to.
    """

    token: Token
    parts: tuple["Expression", ...] = ()


def parse(cursor: Cursor, depth: int = 0) -> Expression:
    """Returns the expression that begins at the cursor."""
    if depth > DEEPEST:
        raise refusal(
            cursor.next.line, f"more than {DEEPEST}", f"have at most {DEEPEST} parentheses within each other"
        )
    left = _product(cursor, depth)
    while cursor.next.text in _WEAK:
        operator = cursor.take()
        left = Expression(operator, (left, _product(cursor, depth)))
    return left


def evaluate(expression: Expression, scope: Scope) -> Polynomial:
    """Returns the value of an expression, where names have these values."""
    try:
        return _value(expression, scope)
    except RecursionError as error:
        raise refusal(expression.token.line, "too long an expression", "have shorter expressions") from error


def whole(expression: Expression, scope: Scope) -> int:
    """Returns the whole number that an expression is."""
    value = evaluate(expression, scope)
    if value.products or value.offset != int(value.offset):
        raise refusal(expression.token.line, str(value), "have a whole number there")
    return int(value.offset)


def _product(cursor: Cursor, depth: int) -> Expression:
    left = _signed(cursor, depth)
    while cursor.next.text in _STRONG:
        operator = cursor.take()
        left = Expression(operator, (left, _signed(cursor, depth)))
    return left


def _signed(cursor: Cursor, depth: int) -> Expression:
    negative = None
    while cursor.next.text in _WEAK:
        sign = cursor.take()
        if sign.text == "-":
            negative = sign if negative is None else None
    power = _power(cursor, depth)
    return power if negative is None else Expression(negative, (power,))


def _power(cursor: Cursor, depth: int) -> Expression:
    base = _atom(cursor, depth)
    if cursor.next.text not in ("**", "^"):
        return base
    operator = cursor.take()
    if depth > DEEPEST:
        raise refusal(operator.line, "a longer one", f"have towers of at most {DEEPEST} powers")
    negative = cursor.skip("-")
    exponent = _power(cursor, depth + 1)
    exponent = Expression(operator._replace(text="-"), (exponent,)) if negative else exponent
    return Expression(operator, (base, exponent))


def _atom(cursor: Cursor, depth: int) -> Expression:
    token = cursor.take()
    if token.text == "(":
        inner = parse(cursor, depth + 1)
        cursor.expect(")")
        return inner
    if token.kind == "number":
        return Expression(token)
    if token.kind != "name":
        raise refusal(token.line, repr(token.text), "have a number or a name there")
    if cursor.skip("("):
        inner = parse(cursor, depth + 1)
        cursor.expect(")")
        return Expression(token._replace(kind="function"), (inner,))
    if cursor.skip("["):
        inner = parse(cursor, depth + 1)
        cursor.expect("]")
        return Expression(token._replace(kind="entry"), (inner,))
    return Expression(token)


def _value(expression: Expression, scope: Scope) -> Polynomial:
    token, parts = expression
    if token.kind == "name":
        return _named(token, token.text, scope)
    if token.kind == "entry":
        return _named(token, f"{token.text}[{whole(parts[0], scope)}]", scope)
    values = [_value(part, scope) for part in parts]
    try:
        return _applied(token, values)
    except ValueError as error:
        must = "have angles that are polynomials of its parameters"
        raise refusal(token.line, str(error), must, CURE) from error


def _named(token: Token, name: str, scope: Scope) -> Polynomial:
    if name in scope:
        return scope[name]
    if name in CONSTANTS:
        return polynomials.constant(CONSTANTS[name])
    raise refusal(
        token.line, f"{name!r}, which is not declared,", "declare its parameters", f"Write `input float {name};`."
    )


def _applied(token: Token, values: list[Polynomial]) -> Polynomial:
    if token.kind == "number":
        return polynomials.constant(float(token.text.replace("_", "")))
    if token.kind == "function":
        if token.text not in polynomials.FUNCTIONS:
            raise ValueError(f"the unknown function {token.text!r}")
        return polynomials.applied(token.text, values[0])
    if len(values) == 1:
        return -values[0]
    first, second = values
    match token.text:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
        case "/":
            return first / second
        case "%":
            return polynomials.constant(math.fmod(first.value(), second.value()))
        case _:
            return first ** second.value()
