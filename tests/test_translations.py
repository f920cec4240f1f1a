"""Every text a reader meets has exactly one Vietnamese wording, with the same placeholders."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from evaluation.language import FOLDER, read_catalogue

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {
    **dict.fromkeys(("_", "_l", "gettext", "lazy_gettext", "of_period")),
    **dict.fromkeys(("ngettext", "lazy_ngettext"), (1, 2)),
    **dict.fromkeys(("pgettext", "lazy_pgettext"), ((1, "c"), 2)),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def texts_in(folder: Path, pattern: str, method: str) -> Iterator[tuple[str, str | None, str]]:
    """(English id, context, where it stands) of each text of a folder."""
    options = {"**": {"silent": "false"}} if method == "jinja2" else {}
    for file, line, message, _comments, context in extract_from_dir(
        folder, [(pattern, method)], options_map=options, keywords=KEYWORDS
    ):
        place = f"{folder.name}/{file}:{line}"
        yield (message if isinstance(message, str) else message[0]), context, place


def placeholders(text: str) -> set[str]:
    return {found.group(0) for found in PLACEHOLDER.finditer(text)}


def wordings() -> dict[tuple[str, str | None], dict[str, list[str]]]:
    """Each id with its Vietnamese wordings and the files they stand in."""
    found: dict[tuple[str, str | None], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((FOLDER / "vi").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="vi", abort_invalid=True):
                if message.id:
                    singular = message.id if isinstance(message.id, str) else message.id[0]
                    string = message.string if isinstance(message.string, str) else message.string[0]
                    found[singular, message.context][string].append(path.name)
    return found


def test_every_text_of_pages_and_code_has_its_vietnamese_wording() -> None:
    catalogue = read_catalogue("vi")
    missing = [
        f"{place}  {text!r}"
        for folder, pattern, method in (
            (ROOT / "templates", "**.html", "jinja2"),
            (ROOT / "evaluation", "**.py", "python"),
        )
        for text, context, place in texts_in(folder, pattern, method)
        if catalogue.get(text, context) is None
    ]
    assert not missing, "without Vietnamese:\n" + "\n".join(sorted(set(missing)))


def test_extraction_reaches_templates_and_code() -> None:
    assert "Skip to content" in {text for text, *_ in texts_in(ROOT / "templates", "**.html", "jinja2")}
    assert "Not rated" in {text for text, *_ in texts_in(ROOT / "evaluation", "**.py", "python")}


def test_no_text_has_two_vietnamese_wordings() -> None:
    twice = [f"{text!r}: {dict(said)}" for (text, _context), said in wordings().items() if len(said) > 1]
    assert not twice, "two wordings for one text:\n" + "\n".join(twice)


def test_placeholders_are_the_same_in_english_and_vietnamese() -> None:
    different = [
        f"{text!r} → {string!r} ({', '.join(files)})"
        for (text, _context), said in wordings().items()
        for string, files in said.items()
        if string and placeholders(text) != placeholders(string)
    ]
    assert not different, "placeholders differ:\n" + "\n".join(different)


def test_no_wording_is_empty_or_fuzzy() -> None:
    empty = [
        f"{text!r} ({', '.join(said[''])})" for (text, _context), said in wordings().items() if "" in said
    ]
    assert not empty, "empty wordings:\n" + "\n".join(empty)
