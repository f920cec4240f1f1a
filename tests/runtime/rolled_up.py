"""Prints the digest of every roll-up table after rolling up the months named, in a process of its own.

Words: months, then `shuffled=N` to do the pieces of each step in another order.
"""

import hashlib
import random
import sys
from itertools import groupby

from sqlalchemy import text

from evaluation import create_app
from evaluation.extensions import db
from evaluation.services import rollups

TABLES = ("person_month", "unit_month", "person_span", "unit_span")


def main(words: list[str]) -> None:
    months = [word for word in words if "=" not in word]
    seed = next((int(word.partition("=")[2]) for word in words if "=" in word), None)
    with create_app().app_context():
        for month in months:
            pieces = rollups.plan({"month": month}, 1)
            for _step, group in groupby(pieces, key=lambda piece: piece.step):
                together = list(group)
                if seed is not None:
                    random.Random(seed).shuffle(together)
                for piece in together:
                    rollups.run_piece({"month": month}, piece.arguments)
        print(digest())


def digest() -> str:
    """One digest of all rows, without the moment they were made."""
    whole = hashlib.sha256()
    for table in TABLES:
        rows = db.session.scalars(
            text(f"select (to_jsonb(t) - 'rolled_up_at')::text as line from {table} t order by line")
        )
        whole.update("\n".join(rows).encode())
    return whole.hexdigest()


main(sys.argv[1:])
