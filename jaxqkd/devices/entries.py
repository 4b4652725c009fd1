"""Entries of JSON files, each refused with one clear error where it is not of the right kind."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from jaxqkd import checks

LARGEST = 2**26
"""The most bytes of a file; larger ones are refused unread. The largest that ship have less than 2^21."""
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
"""Seconds by the names of units; micro has two signs in Unicode."""


def json_object(argument: str, path: Path) -> dict[str, Any]:
    """Returns the JSON object in a file; `argument` is what errors name it."""
    checks.require(path.is_file(), argument, "be a file", repr(str(path)), "Is it there?")
    size = path.stat().st_size
    checks.require(size <= LARGEST, argument, f"have at most {LARGEST} bytes", size, "This is no calibration.")
    cure = "It has to be the JSON file of one device."
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        shown = f"unreadable ({type(error).__name__})"
        raise checks.error(argument, "be a JSON file", f"{path}, {shown}", cure) from error
    checks.require(isinstance(content, dict), argument, "hold a JSON object", f"a {type(content).__name__}", cure)
    return content


class Source(NamedTuple):
    """A file whose entries are read.

    Attributes:
        argument: Which argument it is, as errors name it.
        path: Where it is.
    """

    argument: str
    path: Path

    def refuse(self, entry: str, must: str, value: object) -> NoReturn:
        """Raises the error that an entry is not what it must be."""
        shown = repr(value)
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        raise checks.error(self.argument, f"have {must} for `{entry}`", shown, f"Is {self.path} the right file?")

    def integer(self, value: object, entry: str, least: int, most: int) -> int:
        """Returns an integer within bounds."""
        whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return value if whole else self.refuse(entry, f"an integer of {least} ... {most}", value)  # type: ignore

    def text(self, value: object, entry: str) -> str:
        """Returns a text."""
        return value if isinstance(value, str) else self.refuse(entry, "a text", value)

    def listed(self, holder: Mapping[str, Any], entry: str) -> list[Any]:
        """Returns the list of that name."""
        value = holder.get(entry)
        return value if isinstance(value, list) else self.refuse(entry, "a list", value)

    def entry(self, value: object, entry: str) -> dict[str, Any]:
        """Returns an object with named entries."""
        return value if isinstance(value, dict) else self.refuse(entry, "an object", value)

    def places(self, value: object, entry: str, count: int, exactly: int | None = None) -> tuple[int, ...]:
        """Returns distinct qubits of so many, as many as `exactly` says."""
        good = isinstance(value, list) and len(value) == (exactly or len(value)) > 0
        if not good:
            self.refuse(entry, "a list of qubits", value)
        found = tuple(self.integer(qubit, entry, 0, count - 1) for qubit in value)  # type: ignore[attr-defined]
        return found if len(set(found)) == len(found) else self.refuse(entry, "distinct qubits", value)

    def number(self, parameter: dict[str, Any], entry: str) -> float | None:
        """Returns the value of a parameter, None where it is null."""
        value = parameter.get("value")
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.refuse(entry, "a number", value)
        try:
            return float(value)
        except OverflowError:
            self.refuse(entry, "a number of ordinary size", value)

    def seconds(self, parameter: dict[str, Any], entry: str) -> float | None:
        """Returns the value of a parameter in seconds, None where it is null."""
        value, unit = self.number(parameter, entry), parameter.get("unit")
        if not isinstance(unit, str) or unit not in SECONDS:
            self.refuse(entry, f"one of the units {', '.join(SECONDS)}", unit)
        return None if value is None else value * SECONDS[unit]
