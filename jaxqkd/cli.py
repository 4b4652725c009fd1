"""The command line, thin: `jaxqkd reproduce` and `jaxqkd payoff`."""

import contextlib
import functools
import io
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
import xarray as xr
from rich.console import Console

from jaxqkd import __version__, checks
from jaxqkd.papers import payoff as payoff_study
from jaxqkd.papers import piperno2024
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.studies import gains, plots, store, tables, verdicts
from jaxqkd.studies.execution import Timing

Count = Annotated[int, tyro.conf.arg(metavar="N")]
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")]
Directory = Annotated[Path, tyro.conf.arg(metavar="DIR")]
Cache = Annotated[str, tyro.conf.arg(metavar="auto|off|DIR")]

DESCRIPTION = (
    f"jaxqkd {__version__}: quantum knowledge distillation in JAX. A classical teacher's soft labels train small "
    "hybrid quantum students. (Not quantum key distribution.)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns 0, 1 if every run diverged, 2 on bad input, 130 on Ctrl-C."""
    try:
        return _parsed({"reproduce": reproduce, "payoff": payoff}, arguments)()
    except (ValueError, OSError) as error:
        print(f"jaxqkd: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("jaxqkd: interrupted; no results were written.", file=sys.stderr)
        return 130


def _parsed(commands: Mapping[str, Callable[..., int]], arguments: Sequence[str] | None) -> Callable[[], int]:
    """Returns the command with its options; raises a ValueError of one line where tyro would print a box."""

    def delayed(command: Callable[..., int]) -> Callable[..., Callable[[], int]]:
        return functools.wraps(command)(lambda **options: functools.partial(command, **options))

    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.extras.subcommand_cli_from_dict(
                {name: delayed(command) for name, command in commands.items()},
                prog="jaxqkd",
                description=DESCRIPTION,
                args=arguments,
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        lines = [line.strip("│╭╮╰╯|+ ") for line in told.getvalue().splitlines()[1:]]  # the first is a title
        groups = itertools.groupby(lines, key=lambda line: bool(line.strip("─-")))
        message = next(" ".join(group) for has_text, group in groups if has_text)
        raise ValueError(f"{message.rstrip('.')}. See jaxqkd --help.") from None


def reproduce(
    *,
    seeds: Count = 12,
    epochs: Count = piperno2024.EPOCHS,
    students: Names = piperno2024.STUDENTS,
    readings: Names = tuple(piperno2024.READINGS),
    out: Directory = Path("jaxqkd-reproduce"),
    seed: Count = 0,
    compile_cache: Cache = "auto",
) -> int:
    """Reproduce the seed study: a teacher and eight students, without and with distillation, in three readings.

    Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024. Prints a table with a verdict for each
    student, and writes manifest.json, runs.csv, results.nc, table.md and figure.png.

    Args:
        seeds: Number of seeds; each draws its own data, teacher and initialisations. The paper has 12.
        epochs: The largest number of epochs of a training.
        students: Which students, out of linear hea universal universal_h q2 q3 q4 q5.
        readings: Which readings of the published training, out of logits softmax-twice unstable.
        out: Where the results go: a new or empty directory, or one of the same study and options.
        seed: Another number draws other data and initialisations for all seeds.
        compile_cache: Where compiled programs are kept for the next time: a private directory, "auto" for
            jaxqkd in the user's cache directory, or "off".
    """
    _check_sizes(seeds, epochs, seed)
    _check_names("students", students, piperno2024.STUDENTS)
    _check_names("readings", readings, tuple(piperno2024.READINGS))
    options = {"seeds": seeds, "epochs": epochs, "students": students, "readings": readings, "seed": seed}
    with store.claimed(out, "reproduce", options):
        _set_up(compile_cache)
        console = Console(stderr=True)
        results, timing = piperno2024.reproduce(
            seeds=seeds, epochs=epochs, students=students, readings=readings, base=seed, console=console
        )
        rows = verdicts.rows(results, piperno2024.PUBLISHED)
        facts = {"verdicts": [row._asdict() for row in rows]}
        _save(out, "reproduce", options, results, timing, facts)
        columns = ("f1_macro", "f1_weighted", "accuracy", "epochs", "diverged")
        _save_runs(out, results, ("student", "reading", "distilled", "seed"), columns)
        store.save_figure(out / "figure.png", plots.published_against_measured(results, piperno2024.PUBLISHED))
    parts = {
        f"Reading: {reading}": [tables.verdict_cells(row) for row in rows if row.reading == reading]
        for reading in readings
    }
    notes = [verdicts.RULE, tables.READ_AS, tables.cells_inside(rows, seeds), tables.teachers(results)]
    _report(out, tables.VERDICT_HEADERS, parts, [*notes, _diverged(results), _spent(timing)])
    return int(bool(results.diverged.all()))


def payoff(
    *,
    seeds: Count = payoff_study.SEEDS,
    epochs: Count = payoff_study.EPOCHS,
    students: Names = tuple(payoff_study.STUDENTS),
    out: Directory = Path("jaxqkd-payoff"),
    seed: Count = 0,
    compile_cache: Cache = "auto",
) -> int:
    """Ask when distillation pays: few, noisy labels on a continuous three-class XOR, by temperature and alpha.

    Prints the paired gains over training without a teacher, with corrected tests, and writes manifest.json,
    runs.csv, results.nc, table.md and figure.png.

    Args:
        seeds: Number of seeds; each draws its own data, teachers and initialisations.
        epochs: Epochs of each training.
        students: Which students, out of linear mlp hea universal.
        out: Where the results go: a new or empty directory, or one of the same study and options.
        seed: Another number draws other data and initialisations for all seeds.
        compile_cache: Where compiled programs are kept for the next time: a private directory, "auto" for
            jaxqkd in the user's cache directory, or "off".
    """
    _check_sizes(seeds, epochs, seed)
    _check_names("students", students, tuple(payoff_study.STUDENTS))
    options = {"seeds": seeds, "epochs": epochs, "students": students, "seed": seed}
    with store.claimed(out, "payoff", options):
        _set_up(compile_cache)
        results, timing = payoff_study.payoff(
            seeds=seeds, epochs=epochs, students=students, base=seed, console=Console(stderr=True)
        )
        _save(out, "payoff", options, results, timing, {})
        dimensions = ("student", "train_size", "label_noise", "temperature", "alpha", "seed")
        _save_runs(out, results, dimensions, ("f1_macro", "accuracy", "diverged"))
        title = "Where distillation pays: mean gain of macro F1 over training without a teacher"
        store.save_figure(out / "figure.png", plots.gain_heat_map(gains.gain_by_case(results), title=title))
    rows = gains.gains(results)
    parts = {
        f"Student: {name}": [tables.gain_cells(row) for row in rows if row.student == name] for name in students
    }
    notes = [tables.gain_summary(rows, seeds), _diverged(results), _spent(timing)]
    _report(out, tables.gain_headers(rows), parts, notes)
    return int(bool(results.diverged.all()))


def _check_sizes(seeds: int, epochs: int, seed: int) -> None:
    checks.integer("seeds", seeds)
    checks.integer("epochs", epochs)
    checks.integer("seed", seed, least=0)
    checks.require(seed < 2**32, "seed", "be below 2^32", seed)


def _check_names(argument: str, names: Sequence[str], known: Sequence[str]) -> None:
    checks.require(len(names) > 0, argument, f"be some of {' '.join(known)}", "empty")
    for name in names:
        checks.one_of(argument, name, known)
    checks.require(len(set(names)) == len(names), argument, "name each once", " ".join(names))


def _set_up(compile_cache: str) -> None:
    """Gives XLA all cores and the compile cache, without which everything works, too, if slower."""
    use_all_cores()
    if compile_cache == "auto":
        try:
            use_compile_cache()
        except (ValueError, OSError) as error:
            print(f"jaxqkd: compiled programs are not kept: {error}", file=sys.stderr)
    elif compile_cache != "off":
        use_compile_cache(compile_cache)


def _save(
    out: Path,
    study: str,
    options: Mapping[str, Any],
    results: xr.Dataset,
    timing: Timing,
    facts: Mapping[str, Any],
) -> None:
    """Writes the manifest first: with it the directory is known as this study's, whatever happens next."""
    told = {
        "seed_numbers": results.seed.values.tolist(),
        "data_sha256": results.attrs["data_sha256"],
        "seconds": timing._asdict(),
        **facts,
    }
    store.save_manifest(out / store.MANIFEST, study, options, told)
    store.save_dataset(out / "results.nc", results)


def _save_runs(out: Path, results: xr.Dataset, dimensions: Sequence[str], columns: Sequence[str]) -> None:
    """Writes a line a run: where it stands along the dimensions, then its values."""
    table = xr.broadcast(*(results[name] for name in columns))
    scores = [values.transpose(*dimensions).values for values in table]
    labels = [results[name].values for name in dimensions]
    lines = (
        [*(axis[at] for axis, at in zip(labels, places, strict=True)), *(_plain(v[places]) for v in scores)]
        for places in np.ndindex(*scores[0].shape)
    )
    store.save_rows(out / "runs.csv", (*dimensions, *columns), lines)


def _plain(value: Any) -> str:
    """Returns a number in the fewest digits that give it again, a flag as 0 or 1."""
    return str(int(value)) if value.dtype == bool else str(value)


def _report(out: Path, headers: Sequence[str], parts: Mapping[str, Sequence], notes: Sequence[str]) -> None:
    """Prints a table a part, and the notes; writes the same to table.md."""
    console = Console(width=None if sys.stdout.isatty() else tables.WIDE, highlight=False)
    for title, cells in parts.items():
        console.print(tables.terminal(title, headers, cells, console.width))
    print(*notes, f"Results are in {out}: figure.png, table.md, runs.csv, results.nc, manifest.json", sep="\n\n")
    sections = [f"**{title}**\n\n{tables.markdown(headers, cells)}" for title, cells in parts.items()]
    store.save_text(out / "table.md", "\n".join([*sections, *(f"```text\n{note}\n```\n" for note in notes)]))


def _diverged(results: xr.Dataset) -> str:
    count, total = int(results.diverged.sum()), results.diverged.size
    if count == total:
        return f"EVERY ONE of the {total} runs diverged (its loss ceased to be finite): the scores mean nothing."
    return f"{count} of {total} runs diverged (the loss ceased to be finite); all are counted in every figure."


def _spent(timing: Timing) -> str:
    return f"Took {timing.compilation:.0f} s of compilation and {timing.runs:.0f} s of runs."
