"""The commands of experiments, made from the registry: `list`, `run NAME`, its short names, and `report`."""

from collections.abc import Callable
from pathlib import Path
from textwrap import fill, indent
from typing import Annotated

import tyro

from jaxqkd import checks
from jaxqkd.cli.execution import Execution, Flat, carry_out, finish
from jaxqkd.experiments import registry
from jaxqkd.experiments.registry import Experiment

SHORT = {"reproduce": "piperno2024", "distil": "own_data"}
"""Commands that run one experiment, by their names."""
WRITES = """\
Prints its tables, and writes report.html, table.md, figure.png, runs.csv, results.nc and manifest.json. A run that
was interrupted goes on with the same command."""


def list_experiments() -> int:
    """List the experiments, with what they ask and how long they take."""
    for experiment in map(registry.find, registry.names()):
        source = f" {experiment.source}." if experiment.source else ""
        print(f"{experiment.name} (version {experiment.version})")
        print(indent(fill(f"{experiment.title}{source} Takes {experiment.cost}.", 78), "  "), end="\n\n")
    print("`jaxqkd run NAME` runs one; `jaxqkd run NAME --help` lists its options.")
    return 0


def run(name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]) -> int:
    """Run an experiment, by its name and options; `jaxqkd run NAME --help` lists them.

    Args:
        name: One of the names that `jaxqkd list` shows.
    """
    return tyro.cli(command(registry.find(name)), prog=f"jaxqkd run {name}", args=[])


def command(experiment: Experiment, *, out: str = "") -> Callable[..., int]:
    """Returns the command of an experiment, whose options are the fields of its `options` and of `Execution`.

    Args:
        experiment: The experiment.
        out: The directory of the results by default, instead of one with the experiment's name.
    """
    where = Path(out or f"jaxqkd-{experiment.name}")

    def run_experiment(
        *,
        options: Annotated[experiment.options, Flat],  # type: ignore[name-defined]
        execution: Annotated[Execution, Flat] = Execution(where),
    ) -> int:
        checks.integer("seed", options.seed, least=0, most=2**32 - 1)
        for name, value in vars(options).items():
            if isinstance(value, tuple) and value:
                checks.names(name, value)
        return carry_out(experiment, options, execution)

    source = [f"{experiment.source}."] if experiment.source else []
    claims = [f"Claim under test: {claim}" for claim in experiment.claims]
    cost = f"Takes {experiment.cost} by default. {WRITES}"
    run_experiment.__doc__ = "\n\n".join([experiment.description.strip(), *source, *claims, cost])
    return run_experiment


def short_commands() -> dict[str, Callable[..., int]]:
    """Returns the commands that run one experiment, by name."""
    return {name: command(registry.find(known), out=f"jaxqkd-{name}") for name, known in SHORT.items()}


def report(
    directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")], *, so_far: bool = False
) -> int:
    """Report an experiment again, from the blocks in its directory.

    Args:
        directory: The results of an experiment, all of whose blocks have to be there.
        so_far: Report the first seeds, whose blocks are all there, of a run that goes on or was stopped.
    """
    return finish(directory, so_far=so_far)
