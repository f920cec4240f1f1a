"""Reads a list here when it is small, in a child process with limits when it is large."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluation.files import handed_over
from evaluation.files.says import FileRefused, msgid

LARGE = 1024 * 1024
SECONDS = 180
_ROOT = Path(__file__).resolve().parents[2]


def read_list(read: Callable[[bytes], Any], data: bytes) -> Any:
    """What `read` finds in the file; FileRefused with its sentence."""
    if len(data) < LARGE:
        return read(data)
    try:
        child = subprocess.run(
            [sys.executable, "-m", "evaluation.files.reading_process", f"{read.__module__}:{read.__name__}"],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=_ROOT,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused(msgid("Reading the file took too long. Split it into smaller files.")) from None
    if child.returncode != 0:
        raise FileRefused(
            msgid(
                "The file cannot be read as an Excel workbook. Open it in Excel, save it again and upload it."
            )
        )
    state, found, params = handed_over.unpack(child.stdout)
    if state == "refused":
        raise FileRefused(found, **params)
    return found
