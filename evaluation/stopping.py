"""Whether this process was asked to end: whoever works in pieces stops between two of them.

The mark lies in memory that a process shares with the children it forks later, so the children of a worker see it too.
"""

import mmap
from collections.abc import Callable

_mark = mmap.mmap(-1, 1)
_others: list[Callable[[], bool]] = []


def ask() -> None:
    """From now on `asked` says yes, here and in every child."""
    _mark[0] = 1


def watch(stopped: Callable[[], bool]) -> None:
    """Another sign of the end, asked each time: gunicorn knows of its own stop."""
    _others.append(stopped)


def asked() -> bool:
    """Whether the end was asked for."""
    return bool(_mark[0]) or any(stopped() for stopped in _others)
