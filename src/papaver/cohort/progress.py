"""What a long run shows and how it ends: a bar, a word about the compiler, and Ctrl-C that waits for files to be whole."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def deferred_interrupt(show: bool) -> Iterator[Callable[[], bool]]:
    """While finished work is written, the first Ctrl-C waits until that is done; a second one drops it."""
    asked: list[int] = []

    def once(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        if show:
            print("\npapaver: writing what is finished; Ctrl-C again drops it", file=sys.stderr)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, once)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def progress(people: int, solver: str, show: bool) -> Iterator[Callable[[int], object]]:
    """A bar on stderr once two seconds have passed, and a word about the compiler when it starts."""
    with contextlib.ExitStack() as stack:
        if show and solver == "kernel":
            stack.enter_context(compile_notice())
        if show and people > 1:
            from tqdm import tqdm

            # a log file needs no bar that moves ten times a second
            pace = 0.2 if sys.stderr.isatty() else 10.0
            yield stack.enter_context(tqdm(total=people, unit="person", delay=2, mininterval=pace, file=sys.stderr, leave=False)).update
        else:
            yield lambda n: None


@contextlib.contextmanager
def compile_notice() -> Iterator[None]:
    from numba.core import event

    told = False

    class Listener(event.Listener):
        """Numba says when it compiles; a kernel from the disk cache is silent."""

        def on_start(self, event: Any) -> None:
            nonlocal told
            if not told:
                print("papaver: compiling the kernel for this set of drugs (about 20 s, once; it is kept on disk)", file=sys.stderr)
                told = True

        def on_end(self, event: Any) -> None:
            """Nothing to say."""

    with event.install_listener("numba:compile", Listener()):
        yield
