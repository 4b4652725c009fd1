"""The command line, thin: one function for each command, and `main`, which runs one and reports its errors."""

import contextlib
import functools
import io
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tyro

from jaxqkd import __version__
from jaxqkd.cli.experiments import command, list_experiments, report, run, short_commands
from jaxqkd.cli.export import export
from jaxqkd.cli.predict import predict
from jaxqkd.experiments import registry

DESCRIPTION = (
    f"jaxqkd {__version__}: quantum knowledge distillation in JAX. A classical teacher's soft labels train small "
    "hybrid quantum students. (Not quantum key distribution.)"
)


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM, which a scheduler sends before it kills."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        0; 1 if every run diverged, 2 on bad input, 130 on Ctrl-C, 143 on SIGTERM.
    """
    try:
        with _terminable():
            return _parse(list(sys.argv[1:] if arguments is None else arguments))()
    except (ValueError, OSError, ImportError) as error:
        print(f"jaxqkd: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"jaxqkd: {stop or 'interrupted.'}", file=sys.stderr)
        return 143 if isinstance(stop, _TerminatedError) else 130


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM end the work as Ctrl-C does, if this is the main thread."""

    def stop(number: int, frame: Any) -> None:
        raise _TerminatedError

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _parse(arguments: list[str]) -> Callable[[], int]:
    """Returns the command that the arguments name, with its options, to be called."""
    commands: dict[str, Callable[..., int]] = {
        "list": list_experiments,
        "run": run,
        **short_commands(),
        "predict": predict,
        "export": export,
        "report": report,
    }
    name, *options = arguments or [""]
    if name not in commands:
        return _in_one_line("jaxqkd", lambda: _overview(commands, arguments))
    function, prog = commands[name], f"jaxqkd {name}"
    if name == "run" and options and not options[0].startswith("-"):
        function, prog, options = command(registry.find(options[0])), f"jaxqkd run {options[0]}", options[1:]
    return _in_one_line(prog, lambda: tyro.cli(_delayed(function), prog=prog, args=options))


def _delayed(function: Callable[..., int]) -> Callable[..., Callable[[], int]]:
    """Returns the function for tyro to call, which calls it while it parses: it returns the call to be made."""
    return functools.wraps(function)(lambda *args, **options: functools.partial(function, *args, **options))


def _overview(commands: Mapping[str, Callable[..., int]], arguments: list[str]) -> Callable[[], int]:
    """Prints the commands, each with the first line of its docstring, or refuses the arguments."""

    def summary(function: Callable[..., int]) -> Callable[[], Any]:
        def describe() -> None: ...

        describe.__doc__ = (function.__doc__ or "").partition("\n")[0]
        return describe

    summaries = {name: summary(function) for name, function in commands.items()}
    return tyro.extras.subcommand_cli_from_dict(summaries, prog="jaxqkd", description=DESCRIPTION, args=arguments)


def _in_one_line(prog: str, parse: Callable[[], Callable[[], int]]) -> Callable[[], int]:
    """Returns what is parsed; raises a ValueError of one line where tyro prints a box and exits."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return parse()
    except SystemExit as stop:
        if not stop.code:
            raise
    lines = [line.strip("│╭╮╰╯|+ ") for line in printed.getvalue().splitlines()[1:]]  # the first is a title
    groups = itertools.groupby(lines, key=lambda line: bool(line.strip("─-")))
    message = next(" ".join(group) for has_text, group in groups if has_text)
    raise ValueError(f"{message.rstrip('.')}. See {prog} --help.")
