"""OpenQASM programs as circuits."""

from collections.abc import Sequence
from pathlib import Path

from jaxqkd import checks
from jaxqkd.circuits.imported import Imported, Source, assemble
from jaxqkd.circuits.openqasm.program import carry_out
from jaxqkd.circuits.openqasm.statements import parse
from jaxqkd.circuits.openqasm.tokens import LONGEST


def from_qasm(
    text: str | Path,
    *,
    trained: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    layers: int | None = None,
) -> Imported:
    """Returns the circuit of an OpenQASM program, 2 or 3.

    Registers, gates of the standard libraries, gate definitions, the modifiers inv, pow and ctrl, for loops,
    constants, `input float` parameters, barriers, and measurements at the end are read. Angles are sums and
    products of parameters and numbers. Qubits are numbered as the registers declare them.

    Args:
        text: The program, or the path of a file that holds it.
        trained: Names of its inputs that are trained angles; "a" stands for a_0, a_1 ... as well. By default
            theta, θ and weights.
        features: Names of its inputs that are features, likewise. By default x and inputs.
        layers: Number of equal layers, or None to find them.

    Raises:
        ValueError: On what is not such a program, with the line.

    Example:
        >>> from_qasm("input float x; qubit[2] q; ry(2 * x) q[0]; cx q[0], q[1];").circuit.features
        1
    """
    program = carry_out(parse(content(text) if isinstance(text, Path) else text))
    checks.require(program.qubits > 0, "text", "declare qubits", "without any", "Write `qubit[2] q;`.")
    source = Source("text", program.qubits, program.steps, program.parameters, program.measured or None)
    return assemble(source, trained=trained, features=features, layers=layers)


def content(path: Path) -> str:
    """Returns the text of a file; refuses what is too large, or no text."""
    checks.require(path.is_file(), "text", "be a file that is there", str(path))
    size = path.stat().st_size
    checks.require(size <= LONGEST, "text", f"be a file of at most {LONGEST:,} bytes", f"{path} of {size:,}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise checks.error("text", "be a file of text in UTF-8", str(path), "Is it an OpenQASM file?") from error
