"""The command line of the benchmark, thin: `python -m benchmarks`, from the root of the checkout."""

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from benchmarks import measurement, report
from benchmarks.measurement import Row
from benchmarks.parts import FULL, PARTS, SHORT
from benchmarks.work import Work
from benchmarks.worker import Reply

Part = Literal["seed", "paths", "simulators", "imported", "noise", "curve", "scaling", "compile", "study"]
Parts = Annotated[tuple[Part, ...], tyro.conf.arg(metavar="PART [PART ...]")]
Directory = Annotated[Path, tyro.conf.arg(metavar="DIR")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns 0, or 1 if something failed or a peer disagreed."""
    return tyro.cli(benchmark, prog="python -m benchmarks", args=arguments)


def benchmark(
    *,
    out: Directory = Path("benchmark-results"),
    short: bool = False,
    only: Parts = tuple(PARTS),
) -> int:
    """Measure jaxqkd against its peers, and print tables with ratios and targets.

    Each implementation runs in a fresh process, has to have jaxqkd's loss and gradient, and is warmed up. Peers
    whose framework is not installed are skipped. Writes results.json, table.md and curve.png.

    Args:
        out: Where the results go; earlier ones are replaced.
        short: Tiny sizes and no study: only shows that the benchmark works.
        only: What to measure, out of seed paths simulators imported noise curve scaling compile study.
    """
    out.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True, highlight=False)
    machine = report.machine()
    references: dict[Work, Reply] = {}
    rows: list[Row] = []
    texts = ["# Benchmark\n", *["A short run: its sizes are too small for ratios to mean anything.\n"] * short]
    for part in [name for name in PARTS if name in only and not (short and name == "study")]:
        measure = functools.partial(measurement.measure, references, part)
        with console.status(part):
            for row in PARTS[part](SHORT if short else FULL, measure):
                rows.append(row)
                console.print(f"{part}: {report.told(row)}: {row.reply.outcome}", soft_wrap=True)
        texts.append(report.part_text(part, rows))
        print(texts[-1])
        report.save(out, machine, rows, texts)
    closing = [*[report.targets_text(rows)] * (not short), report.machine_text(machine, rows)]
    print(*closing, f"Results are in {out}.", sep="\n")
    report.save(out, machine, rows, texts + closing)
    return int(any(row.reply.outcome == "failed" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
