"""Settings of all tests: implicit rank promotion is an error, as are warnings, and there are four devices."""

import jax

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_terminal_summary(terminalreporter):
    """Tells how many faults were tried, and how many of them were survived."""
    reports = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    told = [text for report in reports for name, text in report.user_properties if name == "faults"]
    if told:
        terminalreporter.section("faults")
        for text in told:
            terminalreporter.line(text)
