"""The command line, thin: one function for each command, and `main`, which runs one and reports its errors."""

import contextlib
import functools
import io
import itertools
import re
import shutil
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tyro

from jaxqkd import __version__, checks
from jaxqkd.cli.experiments import command, list_experiments, report, run, short_commands
from jaxqkd.cli.export import export
from jaxqkd.cli.predict import predict
from jaxqkd.experiments import registry

DESCRIPTION = (
    f"jaxqkd {__version__}: quantum knowledge distillation in JAX. A classical teacher's soft labels train small "
    "hybrid quantum students. (Not quantum key distribution.)"
)
_MUST = {
    "invalid literal for int() with base 10:": "be an integer",
    "could not convert string to float:": "be a number",
}
"""What exceptions of Python, which tyro quotes, say of a value."""


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
    if name == "--version":
        return functools.partial(_print, __version__)
    if name in ("", "-h", "--help"):
        return functools.partial(_print, _overview(commands))
    if name not in commands:
        cure = f"{checks.did_you_mean(name, commands)} `jaxqkd --help` lists the commands.".strip()
        raise ValueError(f"There is no command {name!r}. {cure}")
    function, prog = commands[name], f"jaxqkd {name}"
    if name == "run" and options and not options[0].startswith("-"):
        function, prog, options = command(registry.find(options[0])), f"jaxqkd run {options[0]}", options[1:]
    return _in_one_line(prog, lambda: tyro.cli(_delayed(function), prog=prog, args=options))


def _delayed(function: Callable[..., int]) -> Callable[..., Callable[[], int]]:
    """Returns the function for tyro to call, which calls it while it parses: it returns the call to be made."""
    return functools.wraps(function)(lambda *args, **options: functools.partial(function, *args, **options))


def _overview(commands: Mapping[str, Callable[..., int]]) -> str:
    """Returns the help of the command line: each command with the first line of its docstring."""
    width = max(map(len, commands)) + 4
    summaries = {name: (function.__doc__ or "").strip().partition("\n")[0] for name, function in commands.items()}
    wrap = functools.partial(textwrap.fill, width=min(shutil.get_terminal_size().columns, 100))
    lines = [
        wrap(text, initial_indent=f"  {name:<{width - 2}}", subsequent_indent=" " * width)
        for name, text in summaries.items()
    ]
    end = "`jaxqkd COMMAND --help` shows what a command takes, `jaxqkd --version` the version."
    return "\n".join([wrap(DESCRIPTION), "", *lines, "", wrap(end)])


def _print(text: str) -> int:
    print(text)
    return 0


def _in_one_line(prog: str, parse: Callable[[], Callable[[], int]]) -> Callable[[], int]:
    """Returns what is parsed; raises a ValueError of one line where tyro prints a box and exits."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return parse()
    except SystemExit as stop:
        if not stop.code:
            raise
    message, *hints = _paragraphs(printed.getvalue())
    meant = [word for hint in hints if hint.startswith("Perhaps") for word in re.findall(r"(?<= )--[\w-]+", hint)]
    cure = f" Did you mean {' or '.join(dict.fromkeys(meant))}?" if meant else ""
    raise ValueError(f"{_in_words(message.rstrip('.'))}.{cure} See {prog} --help.")


def _paragraphs(box: str) -> list[str]:
    """Returns the paragraphs of a box that tyro prints, in which a terminal shows colors, without its title."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│╭╮╰╯|+ ") for line in plain.splitlines()[1:]]
    groups = itertools.groupby(lines, key=lambda line: bool(line.strip("─-")))
    return [" ".join(group) for has_text, group in groups if has_text]


def _in_words(message: str) -> str:
    """Returns tyro's message in the grammar of errors, where it quotes an exception of Python."""
    for quoted, must in _MUST.items():
        found = re.fullmatch(rf"Error parsing --([\w-]+): {re.escape(quoted)} (.*)", message)
        if found:
            return f"Argument `{found[1]}` must {must}, but is {found[2]}"
    return message
