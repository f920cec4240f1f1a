"""Why a use case refused: each refusal is a sentence for the person and a status for the web."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Denied:
    """What somebody asked for without the right to it."""

    person_id: int
    action: str
    object_type: str
    object_id: int
    unit_id: int | None


class Refusal(Exception):
    """A use case that changed nothing; `message` says what, where and how to mend it, in the reader's language.

    `denied` tells a right that was lacking from a thing that is not there; only the journal sees the difference.
    """

    status = 400
    denied: Denied | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Missing(Refusal):
    """What was asked for does not exist, or is not the asker's to see: both look the same."""

    status = 404


class Forbidden(Refusal):
    """The asker sees the object but may not do this to it."""

    status = 403


class Conflict(Refusal):
    """Somebody else was quicker, or the step was already taken."""

    status = 409


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in what was typed: the field or cell it stands in, and the sentence beside it."""

    place: str
    message: str


class Invalid(Refusal):
    """What was typed cannot be accepted; every fault at once."""

    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults
