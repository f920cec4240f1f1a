"""A part of a long list, with the total counted in the same query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """What the pagination of a card needs beside the rows."""

    rows: Sequence[Any]
    page: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


def page_of(rows: Sequence[Any], page: int) -> Page:
    """A page from rows that carry `total`; an empty page beyond the end counts nothing."""
    return Page(rows, page, rows[0].total if rows else 0)
