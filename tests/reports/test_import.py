"""What a figure needs is imported where it is drawn."""

import subprocess
import sys

SCRIPT = """
import sys
import jaxqkd.reports, jaxqkd.reports.plots, jaxqkd.statistics
print([name for name in ("matplotlib", "PIL", "scipy.stats") if name in sys.modules])
"""


def test_nothing_draws_before_a_figure_is_made():
    out = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
