"""The registry of experiments: the folders of this package.

A folder defines `EXPERIMENT` in its `__init__`, and has `setup` (constants, students and options), `training` (the
data of a seed, the run of a student, and the study) and `presentation` (the report).
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxqkd import checks, experiments
from jaxqkd.studies.study import Study

if TYPE_CHECKING:
    import xarray as xr

    from jaxqkd.reports import Section


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A study that ships, with what a user may choose of it and how it is reported.

    Attributes:
        name: The name of its folder and of its study.
        version: The version of its study.
        description: What it asks, in a first line, and how it answers, in paragraphs: its package's docstring.
        source: The publication, or "" for a question of our own.
        cost: The time that the default options take, in words.
        options: A frozen dataclass of what a user may choose, `seeds`, `epochs` and `seed` among it. Its fields
            and their documentation become the options of the command.
        study: Returns the study for the options.
        claims: Published sentences that it tests.
        comparisons: Returns how many comparisons of a study the report corrects for, so that a run of too few
            seeds for any claim says so before it starts; None where that is not known before.
        save: Saves students of a finished study, given options, study, results and directory; returns lines for
            the user. None if it saves none.
    """

    name: str
    version: int
    description: str
    source: str
    cost: str
    options: type
    study: Callable[[Any], Study]
    claims: tuple[str, ...] = ()
    comparisons: Callable[[Study], int] | None = None
    save: "Callable[[Any, Study, xr.Dataset, Path], Iterable[str]] | None" = None

    @property
    def title(self) -> str:
        """The first line of the description."""
        return self.description.partition("\n")[0]

    def report(self, results: "xr.Dataset") -> "list[Section]":
        """Returns the report of the results: that of the `presentation` in its folder, imported when needed."""
        return importlib.import_module(f"{experiments.__name__}.{self.name}.presentation").report(results)


def names() -> tuple[str, ...]:
    """Returns the names of all experiments, sorted, without importing them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(experiments.__path__) if module.ispkg))


def find(name: str) -> Experiment:
    """Returns the experiment of that name.

    Raises:
        ValueError: If there is none.
    """
    checks.one_of("experiment", name, names())
    return importlib.import_module(f"{experiments.__name__}.{name}").EXPERIMENT


def of_study(name: str, version: int) -> Experiment:
    """Returns the experiment whose study has that name and version.

    Raises:
        ValueError: If there is none, since a report of other results would mislead.
    """
    cure = "Report a study of your own with jaxqkd.reports."
    must = f"hold the study of an experiment, {', '.join(names())}"
    checks.require(name in names(), "directory", must, f"of the study {name!r}", cure)
    experiment = find(name)
    cure = "Run it again, or report it with the jaxqkd that ran it."
    must = f"hold version {experiment.version} of {name}"
    checks.require(version == experiment.version, "directory", must, f"of version {version}", cure)
    return experiment
