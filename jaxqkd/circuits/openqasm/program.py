"""The gates of an OpenQASM program, in order: registers, definitions, loops and broadcasts carried out."""

from collections import ChainMap
from collections.abc import Sequence
from typing import NamedTuple

from jaxqkd.circuits import polynomials
from jaxqkd.circuits.openqasm import expressions
from jaxqkd.circuits.openqasm.definitions import Definitions
from jaxqkd.circuits.openqasm.expressions import Scope
from jaxqkd.circuits.openqasm.operands import CURE
from jaxqkd.circuits.openqasm.tokens import refusal
from jaxqkd.circuits.openqasm.tree import (
    Barrier,
    Call,
    Constant,
    Definition,
    Loop,
    Measurement,
    Operand,
    Parameter,
    Register,
    Statement,
)
from jaxqkd.circuits.polynomials import Polynomial
from jaxqkd.circuits.standard import Step

MOST_QUBITS, MOST_BITS = 32, 4096
MOST_PARAMETERS = 100_000


class Program(NamedTuple):
    """What a program holds.

    Attributes:
        qubits: Number of qubits.
        steps: Its gates.
        parameters: The names of its inputs.
        measured: The measured qubits, in the order of the bits; none where nothing is measured.
    """

    qubits: int
    steps: list[Step]
    parameters: list[str]
    measured: tuple[int, ...]


def carry_out(statements: Sequence[Statement]) -> Program:
    """Returns what the statements of a program amount to."""
    machine = _Machine()
    machine.run(statements, machine.names)
    read = sorted(machine.measured.items(), key=lambda pair: pair[1])
    return Program(machine.count, machine.steps, machine.parameters, tuple(qubit for qubit, _ in read))


class _Machine:
    """The state of a program that is carried out."""

    def __init__(self) -> None:
        self.count = 0
        self.bits = 0
        self.steps: list[Step] = []
        self.parameters: list[str] = []
        self.measured: dict[int, int] = {}
        self._registers: dict[str, tuple[Register, range]] = {}
        self._touched: set[int] = set()
        self.names: dict[str, Polynomial] = {}
        self._definitions = Definitions(self.names)

    def run(self, statements: Sequence[Statement], local: dict[str, Polynomial]) -> None:
        """Carries out statements, in which the local names have these values."""
        for statement in statements:
            scope = ChainMap(local, self.names)
            match statement:
                case Register():
                    self._declare(statement, scope)
                case Parameter():
                    self._input(statement, scope)
                case Constant():
                    self._new(statement.name, statement.line)
                    scope[statement.name] = expressions.evaluate(statement.value, scope)
                case Definition():
                    self._definitions.add(statement)
                case Measurement():
                    self._measure(statement, scope)
                case Barrier():
                    self._barrier(statement, scope)
                case Loop():
                    self._loop(statement, local, scope)
                case Call():
                    self._broadcast(statement, scope)

    def _new(self, name: str, line: int) -> None:
        if name in self.names or name in self._registers:
            raise refusal(line, f"{name!r}, which has been declared before,", "declare each name once")

    def _declare(self, register: Register, scope: Scope) -> None:
        self._new(register.name, register.line)
        size = 1 if register.size is None else expressions.whole(register.size, scope)
        first = self.count if register.is_quantum else self.bits
        most = MOST_QUBITS if register.is_quantum else MOST_BITS
        if not 0 < size <= most - first:
            kind = "qubits" if register.is_quantum else "bits"
            raise refusal(register.line, f"a register of {size} {kind}", f"have 1 ... {most} {kind} in all")
        self._registers[register.name] = register, range(first, first + size)
        if register.is_quantum:
            self.count += size
        else:
            self.bits += size

    def _input(self, parameter: Parameter, scope: Scope) -> None:
        self._new(parameter.name, parameter.line)
        names = [parameter.name]
        if parameter.size is not None:
            size = expressions.whole(parameter.size, scope)
            if not 0 < size <= MOST_PARAMETERS - len(self.parameters):
                raise refusal(parameter.line, f"an array of {size}", f"have 1 ... {MOST_PARAMETERS} inputs in all")
            names = [f"{parameter.name}[{index}]" for index in range(size)]
        self.parameters += names
        self.names |= {name: polynomials.symbol(name) for name in names}

    def _loop(self, loop: Loop, local: dict[str, Polynomial], scope: Scope) -> None:
        values = [expressions.whole(value, scope) for value in loop.values]
        turns: Sequence[int] = values
        if loop.is_range:
            first, step, last = values if len(values) == 3 else (values[0], 1, values[1])
            if step == 0:
                raise refusal(loop.line, "a step of 0", "have steps that are not 0")
            turns = range(first, last + (1 if step > 0 else -1), step)
        for value in turns:
            self._definitions.count(loop.line)
            self.run(loop.body, local | {loop.variable: polynomials.constant(value)})

    def _barrier(self, barrier: Barrier, scope: Scope) -> None:
        if barrier.name == "barrier":
            return
        for qubit in [qubit for operand in barrier.operands for qubit in self._places(operand, scope, True)]:
            if qubit in self._touched or qubit in self.measured:
                raise refusal(
                    barrier.line, f"a reset of qubit {qubit} after its gates", "have no reset after gates", CURE
                )

    def _measure(self, measurement: Measurement, scope: Scope) -> None:
        qubits = self._places(measurement.qubits, scope, True)
        bits: Sequence[int] = range(self.bits, self.bits + len(qubits))
        if measurement.bits is None:
            self.bits += len(qubits)
        else:
            bits = self._places(measurement.bits, scope, False)
        if len(bits) != len(qubits):
            raise refusal(
                measurement.line, f"{len(qubits)} qubits and {len(bits)} bits", "measure a qubit into each bit"
            )
        for qubit, bit in zip(qubits, bits, strict=True):
            if qubit in self.measured or bit in self.measured.values():
                raise refusal(
                    measurement.line, f"a second measurement of qubit {qubit} or bit {bit}", "measure each once"
                )
            self.measured[qubit] = bit

    def _places(self, operand: Operand, scope: Scope, is_quantum: bool) -> list[int]:
        """Returns the qubits, or bits, that an operand names."""
        kind = "qubits" if is_quantum else "bits"
        register, places = self._registers.get(operand.name, (None, range(0)))
        if register is None or register.is_quantum != is_quantum:
            raise refusal(
                operand.line, f"{operand.name!r}", f"name registers of {kind} there, which are declared before"
            )
        if operand.first is None:
            return list(places)
        first = expressions.whole(operand.first, scope)
        last = first if operand.last is None else expressions.whole(operand.last, scope)
        size = len(places)
        first, last = (index + size if index < 0 else index for index in (first, last))
        if not 0 <= first <= last < size:
            where = f"{operand.name}[{first}]" if first == last else f"{operand.name}[{first}:{last}]"
            raise refusal(operand.line, where, f"name {kind} 0 ... {size - 1} of {operand.name!r}")
        return list(places[first : last + 1])

    def _broadcast(self, call: Call, scope: Scope) -> None:
        """Adds the gates of a call, one for each qubit of its registers."""
        angles = [expressions.evaluate(angle, scope) for angle in call.angles]
        if call.name == "gphase":
            return
        places = [self._places(operand, scope, True) for operand in call.operands]
        sizes = {len(listed) for operand, listed in zip(call.operands, places, strict=True) if len(listed) > 1}
        if len(sizes) > 1:
            raise refusal(call.line, f"registers of {sorted(sizes)} qubits", "use registers of one size in a gate")
        for turn in range(max(sizes, default=1)):
            qubits = [listed[turn if len(listed) > 1 else 0] for listed in places]
            late = [qubit for qubit in qubits if qubit in self.measured]
            if late:
                raise refusal(
                    call.line, f"a gate on qubit {late[0]} after its measurement", "measure at the end", CURE
                )
            self._touched |= set(qubits)
            self.steps += self._definitions.gates(call, angles, qubits, scope)
