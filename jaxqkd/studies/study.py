"""A study: the full description of a grid of trainings, and the blocks that it is cut into."""

import dataclasses
import functools
import hashlib
import inspect
import itertools
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import jax
import numpy as np

from jaxqkd import checks
from jaxqkd.sweeps import grid
from jaxqkd.types import Key

LANES = 48
"""Runs in a block by default, at least: some seconds of work for small students."""
MOST_SEEDS = 10**7
"""Of a study."""


@dataclasses.dataclass(frozen=True, eq=False)
class Study:
    """A grid of trainings: students x settings x seeds. Two studies are equal if their ids and code are.

    Every student and setting of a seed gets the same `seed_data`, such as examples labeled by a teacher, so that
    all comparisons are paired by seed. `seed_data` and `run` are passed those of the options that they take by
    name. A setting that `run` takes by name is static: each of its values has a program of its own. The other
    settings are traced: a run finds them in its hparams, and one program computes them all.

    Attributes:
        name: Lower-case letters, digits, hyphens and underscores.
        version: Of `seed_data` and `run`. Name and version stand for the functions in the study's identity, so
            code may be moved and renamed. Raise it when the functions come to compute something else.
        seed_data: A function `(key, **options) -> pytree of arrays`, or `(key, data, **options)` if there are
            data.
        run: A function `(student, **options and static settings) -> Run`, whose runs take `(key, seed_data)` and
            hparams, and return a dict of scalars and of arrays [epochs].
        students: Names.
        settings: Values by name: numbers, or names, of which a traced run is passed the index.
        seeds: How many, numbered from 0; the key of each comes from its own number and `base`.
        options: The other arguments of `seed_data` and `run`: anything that JSON can hold.
        data: A pytree of arrays, or None.
        score: The scalar that the study is about.
        base: Another number gives every seed another key.
        block: Seeds in a block; by default as many as make 48 runs.
        chunk: Runs side by side on a device; see `jaxqkd.sweep`.
    """

    name: str
    version: int
    seed_data: Callable[..., Any]
    run: Callable[..., Any]
    students: Sequence[str]
    settings: Mapping[str, Sequence[float | str]]
    seeds: int
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    data: Any = None
    score: str = "f1_macro"
    base: int = 0
    block: int | None = None
    chunk: int | None = None

    def __post_init__(self) -> None:
        """Refuses a study that cannot be run or identified, before anything is written."""
        _check(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Study) and self.id == other.id and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.id)

    @functools.cached_property
    def description(self) -> dict[str, Any]:
        """All that decides the results, as JSON: name and version for the functions, a digest for the data."""
        names = [field.name for field in dataclasses.fields(self) if field.name not in ("seed_data", "run")]
        plain = {name: getattr(self, name) for name in names}
        plain |= {"data": None if self.data is None else digest(self.data), "block": self.seeds_a_block}
        plain |= {"static": list(self.static), "x64": bool(jax.config.read("jax_enable_x64"))}
        return json.loads(json.dumps(plain, allow_nan=False, default=_plain))

    @functools.cached_property
    def id(self) -> str:
        """The SHA-256 of the description as canonical JSON."""
        return identity(self.description)

    @property
    def code(self) -> tuple[Any, ...]:
        """Module and code of `seed_data` and `run`: a function that was redefined has other code."""
        return tuple((function.__module__, function.__code__) for function in (self.seed_data, self.run))

    @property
    def static(self) -> tuple[str, ...]:
        """Names of the settings that are static."""
        taken = inspect.signature(self.run).parameters
        return tuple(name for name in self.settings if name in taken)

    @property
    def seeds_a_block(self) -> int:
        """Seeds in a block. All blocks have the same size; seeds of the last one beyond `seeds` are dropped."""
        cells = math.prod(len(values) for name, values in self.settings.items() if name not in self.static)
        most = math.ceil(LANES / cells) if self.block is None else self.block
        return math.ceil(self.seeds / math.ceil(self.seeds / most))

    def options_of(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Returns the options that the function takes by name."""
        taken = inspect.signature(function).parameters
        return {name: value for name, value in self.options.items() if name in taken}


class Block(NamedTuple):
    """A piece of a study: the unit of work, of progress and of what a crash can lose.

    Attributes:
        number: From 0.
        student: A name.
        static: Its static settings by name.
        first: Number of its first seed.
        stop: Number after its last seed.
    """

    number: int
    student: str
    static: tuple[tuple[str, Any], ...]
    first: int
    stop: int

    @property
    def program(self) -> tuple[str, tuple[tuple[str, Any], ...]]:
        """The student and the static settings, by which blocks share a compiled program."""
        return self.student, self.static

    def __str__(self) -> str:
        settings = "".join(f", {name} {value}" for name, value in self.static)
        return f"{self.student}{settings}, seeds {self.first} to {self.stop - 1}"


def cut(description: Mapping[str, Any]) -> list[Block]:
    """Returns the blocks of a study's description; those of the same seeds, which share data, are adjacent."""
    size, seeds = description["block"], description["seeds"]
    programs = itertools.product(*(description["settings"][name] for name in description["static"]))
    places = itertools.product(range(0, seeds, size), description["students"], list(programs))
    return [
        Block(
            number,
            student,
            tuple(zip(description["static"], values, strict=True)),
            first,
            min(first + size, seeds),
        )
        for number, (first, student, values) in enumerate(places)
    ]


def seed_keys(base: int, numbers: Sequence[int] | np.ndarray) -> Key:
    """Returns random keys [seeds]; each comes from the base and the seed's own number."""
    return jax.vmap(lambda number: jax.random.fold_in(jax.random.key(base), number))(np.asarray(numbers))


def digest(arrays: Any) -> str:
    """Returns the SHA-256 of a pytree of arrays: their shapes, types and bytes, in order."""
    total = hashlib.sha256()
    for leaf in jax.tree.leaves(arrays):
        values = np.ascontiguousarray(leaf)
        total.update(f"{values.shape}{values.dtype.str}".encode())
        total.update(values.tobytes())
    return total.hexdigest()


def identity(description: Mapping[str, Any]) -> str:
    """Returns the SHA-256 of a description as canonical JSON."""
    return hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def is_description(value: Any) -> bool:
    """Returns whether a value that was read from a file is the description of a study."""
    kinds = {"version": int, "name": str, "seeds": int, "block": int, "students": list, "settings": dict}
    kinds |= {"static": list, "options": dict}
    if not isinstance(value, dict) or not all(isinstance(value.get(name), kind) for name, kind in kinds.items()):
        return False
    sizes = 1 <= value["block"] <= value["seeds"] <= MOST_SEEDS
    named = all(isinstance(name, str) for name in (*value["students"], *value["static"]))
    grids = all(isinstance(values, list) and values for values in value["settings"].values())
    return sizes and named and grids and bool(value["students"]) and {*value["static"]} <= {*value["settings"]}


def _check(study: Study) -> None:
    is_name = re.fullmatch(r"[a-z0-9][a-z0-9_-]*", study.name) is not None
    checks.require(is_name, "name", "be lower-case letters, digits, hyphens and underscores", repr(study.name))
    checks.integer("version", study.version)
    checks.integer("seeds", study.seeds, most=MOST_SEEDS)
    checks.integer("base", study.base, least=0, most=2**32 - 1)
    for name in ("block", "chunk"):
        if getattr(study, name) is not None:
            checks.integer(name, getattr(study, name), least=2 if name == "chunk" else 1)
    _check_functions(study)
    checks.names("students", study.students)
    for name, values in study.settings.items():
        checks.require(name.isidentifier(), "settings", "be named as variables are", repr(name))
        checks.names(name, values)
        if name not in study.static and not any(isinstance(value, str) for value in values):
            grid(**{name: cast(Sequence[float], values)})
    try:
        json.dumps(dict(study.options), allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        checks.require(False, "options", "be what JSON can hold", f"{dict(study.options)}: {error}")


def _check_functions(study: Study) -> None:
    for argument, function in (("seed_data", study.seed_data), ("run", study.run)):
        name = getattr(function, "__qualname__", "<none>")
        cure = "Other processes have to find it by its name."
        checks.require("<" not in name, argument, "be a function of a module", f"{function!r}", cure)
    taken = {*inspect.signature(study.seed_data).parameters, *inspect.signature(study.run).parameters}
    unknown = sorted(set(study.options) - taken)
    checks.require(not unknown, "options", "be arguments of `seed_data` or `run`", f"with {', '.join(unknown)}")


def _plain(value: Any) -> Any:
    """Returns NumPy's numbers and arrays, and mappings, as what JSON can hold."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__}")
