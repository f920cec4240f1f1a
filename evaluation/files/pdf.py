"""A page of HTML as PDF: WeasyPrint lays it out, fonts and styles come from static/ and nothing from the network."""

import contextlib
import io
import logging
import mimetypes
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from evaluation.files.letters import printable
from evaluation.files.says import FileRefused, msgid

STATIC = (Path(__file__).resolve().parents[2] / "static").resolve()
NEEDS = msgid(
    "A PDF cannot be made on this server yet: %(missing)s is missing. Ask its administrator to run"
    " “apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0” and to start the program again."
    " The Word file and the page itself hold the same text."
)

for _name in ("weasyprint.progress", "fontTools"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # each page would otherwise fill a screen of the log

# Pango's font map is shared by the whole process and is not made for two threads.
_one_at_a_time = threading.Lock()


class Unavailable(FileRefused):
    """WeasyPrint or the Pango library it draws with is not on this machine; says what to install."""


def from_html(html: str) -> bytes:
    """A whole HTML page as PDF; `/static/…` and relative addresses are files under static/, all others stay empty.

    Raises Unavailable where WeasyPrint or Pango is missing.
    """
    weasyprint = _engine()
    with _one_at_a_time:
        page = weasyprint.HTML(
            string=printable(html), base_url="file:///static/", url_fetcher=_fetcher(weasyprint)
        )
        made: bytes = page.write_pdf()
    return made


def available() -> bool:
    """Whether PDFs can be made here."""
    try:
        _engine()
    except Unavailable:
        return False
    return True


def static_file(url: str) -> Path | None:
    """The file under static/ that an address names, or None where it names anything else."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc:
        return None
    path = unquote(parts.path)
    if not path.startswith("/static/"):
        return None
    place = (STATIC / path.removeprefix("/static/")).resolve()
    return place if place.is_relative_to(STATIC) and place.is_file() else None


def _engine() -> Any:
    try:
        # On a machine without Pango it prints instructions for developers; the person gets ours.
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint
    except ModuleNotFoundError:
        raise Unavailable(NEEDS, missing="WeasyPrint") from None
    except (ImportError, OSError):
        raise Unavailable(NEEDS, missing="Pango") from None
    return weasyprint


def _fetcher(weasyprint: Any) -> Callable[..., Any]:
    """Opens files under static/ and data: addresses; a page can reach neither the network nor other files."""
    ordinary: Any = weasyprint.urls.URLFetcher

    class StaticFiles(ordinary):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            place = static_file(url)
            if place is None:
                raise ValueError(f"not a file under static/: {url[:200]}")
            media_type = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
            return weasyprint.urls.URLFetcherResponse(url, place.read_bytes(), {"Content-Type": media_type})

    fetcher: Callable[..., Any] = StaticFiles(allowed_protocols=("data",), allow_redirects=False)
    return fetcher
