"""The registry of imports: for each noun how its file is read, compared and written."""

from collections.abc import Collection
from functools import partial

from flask_babel import gettext as _

from evaluation.files import people, units
from evaluation.files.reading import read_list
from evaluation.models import ImportNoun
from evaluation.queries import organisation
from evaluation.rules.permissions import ALLOWED, Action, Role
from evaluation.services import (
    catalogue_import,
    import_people,
    import_people_writing,
    import_units,
    import_units_writing,
)
from evaluation.services.access import Actor
from evaluation.services.import_plans import ImportKind, Options
from evaluation.services.refusals import Forbidden, Missing


def units_to_change(actor: Actor | None, _options: Options | None = None) -> Collection[int] | None:
    """The units whose organisation an actor may change; None (all) for the command line, Forbidden when none."""
    if actor is None:
        return None
    roles = [role for role in Role if role.value in {r.value for r in ALLOWED[Action.CHANGE_ORGANISATION]}]
    tops = [unit_id for role in roles for unit_id in actor.standing.units_of(role)]
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    return set(organisation.descendants(tops, actor.standing.day))


KINDS: dict[ImportNoun, ImportKind] = {
    kind.noun: kind
    for kind in (
        ImportKind(
            noun=ImportNoun.UNITS,
            columns=units.COLUMNS,
            example=("1", "H99.12.03", "Phòng Công chức, viên chức", "P. CCVC", "Phòng", "H99.12",
                     "Đơn vị trực tiếp sử dụng", "01/07/2025", "", ""),
            read=partial(read_list, units.read_units),
            row_type=units.UnitRow,
            scope=units_to_change,
            compare=import_units.compare,
            write=import_units_writing.write,
            tables=("unit", "unit_place", "unit_code"),
        ),
        ImportKind(
            noun=ImportNoun.PEOPLE,
            columns=tuple(
                column
                for column in people.COLUMNS
                if column.key not in ("family_name", "given_name", "born_male", "born_female")
            ),
            example=("1", "H99.12", "Sở Nội vụ", "Phòng Công chức, viên chức", "CB000123", "000185012345",
                     "Nguyễn Thị Lan", "25/08/1985", "Nữ", "Chuyên viên", "Chuyên viên về tổ chức bộ máy", "",
                     "Công chức", "01.003", "01/03/2010", "", "", "", "Đang công tác", ""),
            read=partial(read_list, people.read_people),
            row_type=people.PersonRow,
            scope=units_to_change,
            compare=import_people.compare,
            write=import_people_writing.write,
            tables=("unit", "unit_place", "unit_code", "person", "assignment"),
            can_be_complete=True,
        ),
        catalogue_import.KIND,
    )
}  # fmt: skip


def kind_of(noun: str) -> ImportKind:
    """The kind of import by its noun in any case; Missing when there is none."""
    try:
        return KINDS[ImportNoun(noun.upper())]
    except (ValueError, KeyError):
        raise Missing(_("There is no such import.")) from None
