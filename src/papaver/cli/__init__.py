"""The command line: a thin shell over `papaver.api`. One module per command, each with `add_parser` and `main`.

Nothing heavy is imported before a command runs: `papaver --help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from papaver import __version__
from papaver.errors import PapaverError

COMMANDS = ("run", "simulate", "replay", "explain", "drugs", "scenarios", "equations", "study", "bench", "claims", "fit")
"""Commands in the order of `--help`; each is a module of this package."""
BAD_INPUT, INTERRUPTED = 2, 130
"""Exit codes."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as every other error; the usage is a `--help` away."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    top = _Parser(
        prog="papaver",
        description="An executable, evidence-checked model of heroin and the other opioids in the human body.",
        epilog="Research and teaching software: no medical device, no dosing advice. Start with: papaver run heroin-iv",
    )
    top.add_argument("--version", action="version", version=f"papaver {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"papaver.cli.{name}").add_parser(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for a check that failed, 2 for bad input, 130 after Ctrl-C."""
    try:
        args = parser().parse_args(argv)
        code = int(importlib.import_module(f"papaver.cli.{args.command}").main(args))
        sys.stdout.flush()
        return code
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else BAD_INPUT
    except PapaverError as e:
        return _fail(str(e))
    except BrokenPipeError:
        # the reader went away (`| head`); a second error when Python flushes at exit is avoided
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as e:
        print(f"papaver: {str(e) or 'interrupted; nothing was written'}", file=sys.stderr)
        return INTERRUPTED
    except OSError as e:
        return _fail(f"{e.filename}: {e.strerror}" if e.filename else str(e))


def _fail(message: str) -> int:
    print("papaver: " + " ".join(message.split()), file=sys.stderr)
    return BAD_INPUT
