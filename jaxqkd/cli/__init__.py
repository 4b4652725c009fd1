"""The command line, thin: one function a command, and `main`, which runs one and turns errors into messages."""

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
from jaxqkd.cli.distil import distil
from jaxqkd.cli.export import export
from jaxqkd.cli.predict import predict
from jaxqkd.cli.studies import methods, noisy, payoff, report, reproduce

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
    commands: dict[str, Callable[..., int]] = {
        "reproduce": reproduce,
        "payoff": payoff,
        "methods": methods,
        "noisy": noisy,
        "distil": distil,
        "predict": predict,
        "export": export,
        "report": report,
    }
    try:
        with _terminable():
            return _parsed(commands, arguments)()
    except (ValueError, OSError, ImportError) as error:
        print(f"jaxqkd: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"jaxqkd: {stop or 'interrupted.'}", file=sys.stderr)
        return 143 if isinstance(stop, _TerminatedError) else 130


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM end the work as Ctrl-C does, where this is the main thread."""

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
