import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "evaluation/translations/vi"
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def message_ids() -> set[str]:
    found = set()
    for source in (ROOT / "evaluation/files").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "msgid":
                found.add(ast.literal_eval(node.args[0]))
    return found


def translations(names: str = "*.po") -> dict[str, str]:
    found = {}
    for path in CATALOGUES.glob(names):
        with path.open("rb") as file:
            found |= {message.id: message.string for message in read_po(file) if message.id}
    return found


def test_every_sentence_of_the_readers_has_a_vietnamese_one_with_the_same_values() -> None:
    known = translations()
    for says in message_ids():
        assert known.get(says), says
        assert sorted(PLACEHOLDER.findall(known[says])) == sorted(PLACEHOLDER.findall(says)), says


def test_no_translation_is_left_of_a_sentence_that_is_gone() -> None:
    assert set(translations("files.po")) <= message_ids()
