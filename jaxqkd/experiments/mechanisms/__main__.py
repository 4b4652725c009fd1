"""`python -m jaxqkd.experiments.mechanisms DIR [DIR ...]` reports several studies as one, and held-out tasks."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from jaxqkd.experiments.mechanisms import analysis, presentation
from jaxqkd.files import save_text
from jaxqkd.reports.markdown import markdown
from jaxqkd.reports.terminal import print_sections
from jaxqkd.studies import load


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the report of the studies, joined by task or by seed; with `--save NAME` writes it and its figure."""
    parser = argparse.ArgumentParser(prog="python -m jaxqkd.experiments.mechanisms", description=main.__doc__)
    parser.add_argument("directories", nargs="+", type=Path, help="studies of the mixtures")
    parser.add_argument("--held-out", nargs="*", type=Path, default=[], help="studies of held-out tasks")
    parser.add_argument("--save", type=Path, help="writes NAME-table.md, NAME.png and NAME.svg")
    given = parser.parse_args(arguments)
    whole = analysis.combined([load(directory) for directory in given.directories])
    sections = [section for section in presentation.report(whole) if not section.detail]
    if given.held_out:
        other = analysis.combined([load(directory) for directory in given.held_out])
        sections.insert(-4, presentation.forecasts(whole, other))
    print_sections(sections)
    if given.save:
        save_text(given.save.with_name(f"{given.save.name}-table.md"), markdown(sections))
        for drawing in (section.drawing for section in sections if section.drawing):
            for ending in ("png", "svg"):
                drawing.figure.savefig(given.save.with_suffix(f".{ending}"), dpi=150)


if __name__ == "__main__":
    main()
