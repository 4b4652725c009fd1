"""The tree of an OpenQASM program: its statements, those that circuits need."""

from typing import NamedTuple, Union

from jaxqkd.circuits.openqasm.expressions import Expression


class Operand(NamedTuple):
    """A register, one of its qubits or bits, or those from `first` to `last`."""

    name: str
    line: int
    first: Expression | None = None
    last: Expression | None = None


class Call(NamedTuple):
    """A gate on qubits; each modifier is "inv", "ctrl" or "pow" with its exponent."""

    name: str
    line: int
    angles: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    modifiers: tuple[tuple[str, Expression | None], ...] = ()


class Definition(NamedTuple):
    """A gate that is written in other gates."""

    name: str
    line: int
    parameters: tuple[str, ...]
    qubits: tuple[str, ...]
    body: tuple["Statement", ...]


class Register(NamedTuple):
    """A register of qubits, or of bits; a single one where it has no size."""

    name: str
    line: int
    is_quantum: bool
    size: Expression | None


class Parameter(NamedTuple):
    """An input, an array of them where it has a size."""

    name: str
    line: int
    size: Expression | None


class Constant(NamedTuple):
    """A name for the value of an expression."""

    name: str
    line: int
    value: Expression


class Measurement(NamedTuple):
    """A measurement of qubits, into bits if they are named."""

    qubits: Operand
    line: int
    bits: Operand | None


class Barrier(NamedTuple):
    """A barrier, or a reset, which matters only after gates."""

    name: str
    line: int
    operands: tuple[Operand, ...]


class Loop(NamedTuple):
    """A body for each value of a variable: those of a set, or a range of first, step and last."""

    variable: str
    line: int
    values: tuple[Expression, ...]
    is_range: bool
    body: tuple["Statement", ...]


Statement = Union[Call, Definition, Register, Parameter, Constant, Measurement, Barrier, Loop]  # noqa: UP007
