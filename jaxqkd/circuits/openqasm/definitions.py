"""Gate definitions of an OpenQASM program, and the gates that calls of them amount to."""

from collections import ChainMap
from collections.abc import Sequence

from jaxqkd.circuits import standard
from jaxqkd.circuits.openqasm import expressions
from jaxqkd.circuits.openqasm.expressions import Scope
from jaxqkd.circuits.openqasm.operands import CURE
from jaxqkd.circuits.openqasm.tokens import refusal
from jaxqkd.circuits.openqasm.tree import Barrier, Call, Definition
from jaxqkd.circuits.polynomials import Polynomial
from jaxqkd.circuits.standard import STANDARD, Step

MOST_CALLS = 200_000
"""Most gates, definitions carried out and turns of loops: a small text can stand for more than memory holds."""
DEEPEST = 100
"""Most gate definitions that are written in each other."""


class Definitions:
    """The gates that a program defines, and how many calls it has made."""

    def __init__(self, names: dict[str, Polynomial]) -> None:
        self._names = names
        self._calls = 0
        self._depths: dict[str, int] = {}
        self._definitions: dict[str, Definition] = {}

    def add(self, definition: Definition) -> None:
        """Keeps a definition, whose gates have to be known before it: none can hold itself."""
        if definition.name in self._definitions:
            raise refusal(definition.line, f"a second definition of {definition.name!r}", "define each gate once")
        inner = [call.name for call in definition.body if isinstance(call, Call)]
        unknown = [name for name in inner if name not in self._depths and name not in (*STANDARD, "gphase")]
        if unknown or definition.name in inner:
            unknown = [*unknown, definition.name]
            raise refusal(
                definition.line, f"the gate {unknown[0]!r}", "define gates by gates that are known before"
            )
        depth = 1 + max((self._depths.get(name, 0) for name in inner), default=0)
        if depth > DEEPEST:
            raise refusal(
                definition.line, f"more than {DEEPEST}", f"have at most {DEEPEST} definitions in each other"
            )
        self._depths[definition.name] = depth
        self._definitions[definition.name] = definition

    def gates(self, call: Call, angles: Sequence[Polynomial], qubits: Sequence[int], scope: Scope) -> list[Step]:
        """Returns the gates of one call on these qubits."""
        self.count(call.line)
        name, powers = call.name, 1
        for kind, exponent in reversed(call.modifiers):
            if kind == "inv":
                powers = -powers
            elif kind == "pow" and exponent is not None:
                powers *= expressions.whole(exponent, scope)
            elif kind == "ctrl" and exponent is None and powers in (1, -1) and name not in self._definitions:
                name = standard.CONTROLLED.get(name, f"ctrl @ {name}")
            else:
                raise refusal(call.line, f"the modifier {kind!r}", "have the modifiers inv, pow and ctrl", CURE)
        self._check(name, call, len(angles), len(qubits))
        if name in self._definitions:
            steps = self._defined(self._definitions[name], angles, qubits)
        else:
            steps = standard.steps(name, angles, qubits, f"line {call.line}")
        if abs(powers) != 1:
            self.count(call.line, min(abs(powers), MOST_CALLS) * max(1, len(steps)))
        turned = steps if powers >= 0 else standard.inverse(steps)
        return turned * abs(powers)

    def _check(self, name: str, call: Call, angles: int, qubits: int) -> None:
        if name in self._definitions:
            found = self._definitions[name]
            wanted = len(found.parameters), len(found.qubits)
        elif name in STANDARD:
            wanted = STANDARD[name].angles, STANDARD[name].qubits
        else:
            cure = f"Define it by `gate {call.name} ...` before, in standard gates."
            raise refusal(call.line, f"the gate {name!r}", "have known gates", cure)
        if (angles, qubits) != wanted:
            need = f"give {name!r} {wanted[0]} angles and {wanted[1]} qubits"
            raise refusal(call.line, f"{angles} angles and {qubits} qubits", need)

    def _defined(self, definition: Definition, angles: Sequence[Polynomial], qubits: Sequence[int]) -> list[Step]:
        """Returns the gates of a definition with its angles and qubits put in."""
        scope = ChainMap(dict(zip(definition.parameters, angles, strict=True)), self._names)
        where = dict(zip(definition.qubits, qubits, strict=True))
        steps: list[Step] = []
        for call in definition.body:
            if isinstance(call, Barrier):
                continue
            if not isinstance(call, Call):
                raise refusal(definition.line, "a statement that is no gate", "define gates by gates alone")
            values = [expressions.evaluate(angle, scope) for angle in call.angles]
            unknown = [operand.name for operand in call.operands if operand.name not in where]
            if unknown:
                raise refusal(call.line, repr(unknown[0]), f"name qubits of {definition.name!r} there")
            if call.name != "gphase":
                steps += self.gates(call, values, [where[operand.name] for operand in call.operands], scope)
        return steps

    def count(self, line: int, more: int = 1) -> None:
        """Counts calls and turns of loops; refuses too many."""
        self._calls += more
        if self._calls > MOST_CALLS:
            raise refusal(line, "too many of them", f"amount to at most {MOST_CALLS:,} gates and turns of loops")
