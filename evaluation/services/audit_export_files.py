"""The journal as a file in the background: the frame first, then the chains in handfuls, then one file of all parts."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from flask import current_app

from evaluation.queries import audit_chains as queries
from evaluation.rules.permissions import Action
from evaluation.services import audit_exports
from evaluation.services.job_kinds import Kind, Piece, register

EVENTS_AT_ONCE = 20_000


def arguments(top: int, units: Collection[int] | None, token: str) -> dict[str, Any]:
    """What the job needs to know."""
    return {"unit_id": top, "units": None if units is None else sorted(units), "token": token}


def place_of(given: dict[str, Any]) -> Path:
    """Where the finished file lies."""
    return Path(current_app.config["EXPORTS_DIR"]) / f"{given['token']}.jsonl"


def _plan(given: dict[str, Any]) -> list[Piece]:
    handfuls: list[list[int]] = [[]]
    sizes = [0]
    for chain, count in queries.counts(given["units"]):
        if sizes[-1] >= EVENTS_AT_ONCE:
            handfuls.append([])
            sizes.append(0)
        handfuls[-1].append(chain)
        sizes[-1] += count
    parts = [
        Piece(2, f"{number}/{len(handfuls)}", {"part": number, "chains": chains}, size=max(1, size))
        for number, (chains, size) in enumerate(zip(handfuls, sizes, strict=True), 1)
    ]
    # A unit may get its first event while the job waits: the last part takes whatever chains are none of these.
    known, last = [chain for some in handfuls for chain in some], len(handfuls) + 1
    rest = Piece(2, "+", {"part": last, "besides": known})
    frame = Piece(1, "0", {"part": 0})
    return [frame, *parts, rest, Piece(3, "jsonl", {"parts": last}, size=max(1, sum(sizes) // 10))]


def _make(given: dict[str, Any], piece: dict[str, Any]) -> None:
    if "parts" in piece:
        _join(given, piece["parts"])
    elif piece["part"] == 0:
        frame = audit_exports.Frame(given["units"])
        _put(_aside(given, 0), frame.lines())
        _put(_ends(given), [json.dumps(frame.ends)])
    else:
        ends = {int(chain): seq for chain, seq in json.loads(_ends(given).read_text("utf-8")).items()}
        chains = piece["chains"] if "chains" in piece else ends.keys() - set(piece["besides"])
        _put(_aside(given, piece["part"]), audit_exports.event_lines(chains, ends))


def _join(given: dict[str, Any], parts: int) -> None:
    place, count = place_of(given), -1  # the header is not counted
    if place.is_file():  # an earlier attempt came this far
        return
    fresh = place.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with open(fresh, "w", encoding="utf-8") as file:
        for part in range(parts + 1):
            with open(_aside(given, part), encoding="utf-8") as lines:
                for line in lines:
                    file.write(line)
                    count += 1
        file.write(audit_exports.end_line(count))
    fresh.rename(place)


def _aside(given: dict[str, Any], part: int) -> Path:
    return place_of(given).with_suffix(f".{part}.part")


def _ends(given: dict[str, Any]) -> Path:
    return place_of(given).with_suffix(".ends.part")


def _put(place: Path, lines: Iterable[str]) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    fresh = place.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with open(fresh, "w", encoding="utf-8") as file:
        file.writelines(lines)
    fresh.rename(place)


def _finish(given: dict[str, Any]) -> None:
    for aside in place_of(given).parent.glob(f"{given['token']}.*.part"):
        aside.unlink(missing_ok=True)


EXPORT = register(
    Kind(
        "audit.export",
        "File of the journal",
        _plan,
        _make,
        _finish,
        needs=Action.READ_AUDIT,
        unit_of=lambda given: given.get("unit_id"),
    )
)
