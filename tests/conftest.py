"""Settings of all tests: implicit rank promotion and warnings are errors, and there are four devices.

Tests in `tests/slow` are marked `slow`; `pytest` leaves them out, `pytest -m slow` runs them. Laws over all cases,
of which a quick test has one, are marked `exhaustive`.
"""

import gc
from pathlib import Path

import jax
import pytest

SLOW = Path(__file__).parent / "slow"

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_collection_modifyitems(items):
    """Marks the tests of the folder `slow`."""
    for item in items:
        if item.path.is_relative_to(SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter):
    """Prints which faults were caused, and how many of them the studies survived."""
    reports = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    faults = [text for report in reports for name, text in report.user_properties if name == "faults"]
    if faults:
        terminalreporter.section("faults")
        for text in faults:
            terminalreporter.line(text)


@pytest.fixture(autouse=True, scope="module")
def _programs_are_no_garbage():
    """Takes what is alive after a file out of garbage collection, which would go through all programs again."""
    yield
    gc.collect()
    gc.freeze()
