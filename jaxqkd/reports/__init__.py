"""Reports of studies: lists of sections, rendered for the terminal, as Markdown and as one HTML page.

`assemble` makes one of a study's own sections and those of any study; `save` and `print_report` show it.
"""

from jaxqkd.reports.pairs import Comparisons, comparison_maps, comparisons
from jaxqkd.reports.saving import print_report, save
from jaxqkd.reports.section import Drawing, Section, Table
from jaxqkd.reports.standard import any_study, assemble

__all__ = [
    "Comparisons",
    "Drawing",
    "Section",
    "Table",
    "any_study",
    "assemble",
    "comparison_maps",
    "comparisons",
    "print_report",
    "save",
]
