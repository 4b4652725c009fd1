"""Readouts: what a student reads of its measured qubits, as plain, hashable data that every simulator takes.

A Pauli string has one letter out of I, X, Y, Z for each measured qubit, in the order in which they are named.
Strings share a measurement where they commute qubit by qubit: where no qubit has two different letters other than
I. The change of a qubit's basis before it is measured is a part of the reading: it is ideal, and it follows the
channels that noise has there.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks

LETTERS = "IXYZ"
KINDS = ("expectation", "strings", "parity", "probabilities")


@dataclass(frozen=True)
class Readout:
    """What is read. The functions of this module make it.

    Attributes:
        kind: "expectation", "strings", "parity" or "probabilities".
        letters: The letter of "expectation"; the Pauli strings of "strings"; the bases of "probabilities", none
            for that of Z.
    """

    kind: str
    letters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checks.one_of("readout.kind", self.kind, KINDS)
        object.__setattr__(self, "letters", tuple(self.letters))
        if self.letters or self.kind in ("expectation", "strings"):
            checks.names("readout", self.letters)
        for string in self.letters:
            _check_string(string)
        partial = [string for string in self.letters if "I" in string and self.kind == "probabilities"]
        must, cure = "hold bases of X, Y, Z alone", "Measure fewer qubits, by measured=(...), to leave one out."
        checks.require(not partial, "readout", must, partial, cure)


def expectation(letter: str = "Z") -> Readout:
    """Returns the readout of one Pauli matrix on each of the k measured qubits: k values in [-1, 1].

    Args:
        letter: "X", "Y" or "Z".
    """
    checks.one_of("letter", letter, tuple("XYZ"))
    return Readout("expectation", (letter,))


def strings(*letters: str) -> Readout:
    """Returns the readout of Pauli strings: one value in [-1, 1] for each.

    Args:
        *letters: Strings of one letter for each measured qubit.

    Example:
        >>> measurements(strings("ZZI", "XIX", "IZZ"), 3)
        ('ZZZ', 'XZX')
    """
    return Readout("strings", letters)


def parity() -> Readout:
    """Returns the readout of the parity of the measured qubits: one value, <Z ... Z>.

    It is the probability of an even number of ones minus that of an odd number.
    """
    return Readout("parity")


def probabilities(*bases: str) -> Readout:
    """Returns the readout of the probabilities of the 2^k outcomes, the first measured qubit the leading bit.

    Args:
        *bases: Bases, strings of one letter for each measured qubit, each a measurement with 2^k outcomes; none
            for that of Z alone.
    """
    return Readout("probabilities", bases)


def checked(readout: Any, qubits: int) -> Readout:
    """Returns the readout, of which a list of Pauli strings is one; refuses what does not fit the measured qubits.

    Args:
        readout: A readout, or a sequence of Pauli strings.
        qubits: Number k of measured qubits.
    """
    if isinstance(readout, Sequence) and not isinstance(readout, str):
        readout = strings(*readout)
    cure = 'Write ["ZZ", "XX"], or jaxqkd.quantum.readouts.parity() or another of its readouts, with parentheses.'
    good = isinstance(readout, Readout)
    checks.require(good, "readout", "be a readout or a list of Pauli strings", repr(readout), cure)
    if readout.kind != "expectation":
        wrong = [string for string in readout.letters if len(string) != qubits]
        must = f"hold strings of one letter for each of the {qubits} measured qubits"
        checks.require(not wrong, "readout", must, wrong, f'Write strings such as "{"Z" * qubits}".')
    return readout


def size(readout: Readout, qubits: int) -> int:
    """Returns the number of values that are read of k measured qubits."""
    if readout.kind == "probabilities":
        return len(measurements(readout, qubits)) * 2**qubits
    return len(observables(readout, qubits))


def observables(readout: Readout, qubits: int) -> tuple[str, ...]:
    """Returns the Pauli strings whose values are read of k measured qubits; none where these are probabilities.

    Example:
        >>> observables(Z, 3)
        ('ZII', 'IZI', 'IIZ')
    """
    if readout.kind == "expectation":
        return tuple("I" * place + readout.letters[0] + "I" * (qubits - 1 - place) for place in range(qubits))
    return {"strings": readout.letters, "parity": ("Z" * qubits,)}.get(readout.kind, ())


@functools.cache
def measurements(readout: Readout, qubits: int) -> tuple[str, ...]:
    """Returns the bases in which k measured qubits are measured: a letter a qubit, X, Y or Z.

    Each string, in order, joins the first measurement that it commutes with qubit by qubit.
    """
    if readout.kind == "probabilities":
        return readout.letters or ("Z" * qubits,)
    bases: list[str] = []
    for string in observables(readout, qubits):
        place = next((place for place, basis in enumerate(bases) if _agree(basis, string)), None)
        if place is None:
            bases.append(string)
        else:
            bases[place] = _joined(bases[place], string)
    return tuple(basis.replace("I", "Z") for basis in bases)


def everywhere(letters: Sequence[str], measured: Sequence[int], qubits: int) -> tuple[str, ...]:
    """Returns strings on the measured qubits as strings on all Q qubits, with I on the others."""
    places = {qubit: place for place, qubit in enumerate(measured)}
    return tuple("".join(s[places[q]] if q in places else "I" for q in range(qubits)) for s in letters)


def read(readout: Readout, outcomes: Sequence[jax.Array]) -> jax.Array:
    """Returns the values [..., n] of probabilities, or frequencies, [..., 2^k] of each measurement's outcomes."""
    if readout.kind == "probabilities":
        return outcomes[0] if len(outcomes) == 1 else jnp.concatenate(outcomes, axis=-1)
    qubits = (outcomes[0].shape[-1] - 1).bit_length()
    letters, bases = observables(readout, qubits), measurements(readout, qubits)
    home = [next(place for place, basis in enumerate(bases) if _agree(basis, string)) for string in letters]
    own = [
        [string for string, at in zip(letters, home, strict=True) if at == place] for place in range(len(bases))
    ]
    parts = [
        jnp.matmul(part, jnp.asarray(signs(strings), part.dtype), precision="highest")
        for strings, part in zip(own, outcomes, strict=True)
    ]
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.argsort(home, kind="stable"), kind="stable")
    return jnp.concatenate(parts, axis=-1)[..., order]


def signs(letters: Sequence[str]) -> np.ndarray:
    """Returns the eigenvalues [2^k, n] that outcomes give to strings, each in a basis that it is diagonal in."""
    marks = np.array([[letter != "I" for letter in string] for string in letters])
    qubits = marks.shape[1]
    bits = (np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1]) & 1
    return 1 - 2 * (bits @ marks.T % 2)


def explain(readout: Readout, measured: Sequence[int]) -> str:
    """Returns in plain words what is read of the measured qubits, and by how many measurements."""
    qubits = f"qubit {measured[0]}" if len(measured) == 1 else f"qubits {', '.join(map(str, measured))}"
    bases = measurements(readout, len(measured))
    what = {
        "expectation": f"<{''.join(readout.letters)}> of {'each of ' if len(measured) > 1 else ''}{qubits}",
        "strings": f"The mean of {', '.join(readout.letters)} on {qubits}",
        "parity": f"The parity of {qubits}",
        "probabilities": f"The probability of each of the {2 ** len(measured)} outcomes of {qubits}",
    }[readout.kind]
    if len(bases) == 1:
        return f"{what} is read, in one measurement."
    return f"{what} is read, in {len(bases)} measurements: of {', '.join(bases)}."


def _check_string(string: Any) -> None:
    is_text = isinstance(string, str) and len(string) > 0
    cure = "Write a letter for each measured qubit, in their order."
    good = is_text and set(string) <= set(LETTERS) and set(string) != {"I"}
    must = "hold strings of the letters I, X, Y, Z, with one other than I"
    checks.require(good, "readout", must, repr(string), cure)


def _agree(first: str, second: str) -> bool:
    return all(a == b or "I" in (a, b) for a, b in zip(first, second, strict=True))


def _joined(first: str, second: str) -> str:
    return "".join(b if a == "I" else a for a, b in zip(first, second, strict=True))


Z = expectation("Z")
"""The default of students."""
