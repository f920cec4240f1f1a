"""A Word file that says where it comes from: in its properties always, in a small last line where its face is ours to fill."""

import hashlib
import io
import re
from typing import IO

from docx import Document
from docx.shared import Pt

from evaluation.files.sheets import Source

MOST_CHARACTERS = 255  # python-docx refuses longer properties
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def marked(data: bytes | IO[bytes], source: Source, *, on_its_face: bool = False) -> bytes:
    """The file with who took it, when, by which request and a hash of its text; forms of a decree keep their face."""
    document = Document(io.BytesIO(data) if isinstance(data, bytes) else data)
    digest = hashlib.sha256(document.element.xml.encode("utf-8", "replace")).hexdigest()[:16]
    line = UNREADABLE.sub(" ", "; ".join([*source.lines, f"{source.text_hash_label} {digest}"]))
    properties = document.core_properties
    properties.comments = line[-MOST_CHARACTERS:]
    properties.author = properties.last_modified_by = source.who[:MOST_CHARACTERS]
    if on_its_face:
        run = document.add_paragraph().add_run(line)
        run.font.size, run.italic = Pt(8), True
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()
