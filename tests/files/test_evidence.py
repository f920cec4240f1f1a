import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from evaluation.files.evidence import MAX_BYTES, EvidenceKind, accept, safe_name
from evaluation.files.says import FileRefused

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
RELS = b'<?xml version="1.0"?><Relationships>%s</Relationships>'


def png(width: int = 1, height: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


def jpeg(width: int = 1, height: int = 1) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x04ab" + frame + b"\xff\xd9"


def office(main: str, **members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr(main, "<document/>")
        for name, content in members.items():
            package.writestr(name.replace("__", "/"), content)
    return target.getvalue()


DOCX = office("word/document.xml")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("Báo cáo.pdf", PDF, EvidenceKind.PDF),
        ("ảnh.PNG", png(), EvidenceKind.PNG),
        ("a.jpeg", jpeg(), EvidenceKind.JPEG),
        ("a.jpg", jpeg(), EvidenceKind.JPEG),
        ("a.docx", DOCX, EvidenceKind.DOCX),
        ("a.xlsx", office("xl/workbook.xml"), EvidenceKind.XLSX),
        ("a.pptx", office("ppt/presentation.xml"), EvidenceKind.PPTX),
    ],
)
def test_the_kinds_that_offices_work_with_are_accepted_by_their_content(
    name: str, data: bytes, kind: EvidenceKind
) -> None:
    assert accept(name, data) is kind


def test_a_workbook_made_by_a_real_program_is_accepted(workbook: Callable[..., bytes]) -> None:
    assert accept("số liệu.xlsx", workbook([["a"]])) is EvidenceKind.XLSX


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
        ("a.pdf", b"MZ\x90\x00" + b"\0" * 100),
        ("a.html", b"<!doctype html><script>1</script>"),
        ("a.png", b"GIF89a" + b"\0" * 20),
        ("a.doc", b"\xd0\xcf\x11\xe0" + b"\0" * 600),
        ("a.pdf", b"<html>%PDF-1.7 %%EOF"),
        ("a.txt", "chữ".encode()),
        ("a.exe", b"\x7fELF" + b"\0" * 60),
        ("a.pdf", b"\x00"),
    ],
)
def test_everything_else_is_refused_whatever_its_name(name: str, data: bytes) -> None:
    with pytest.raises(FileRefused, match="not accepted"):
        accept(name, data)


def test_an_archive_is_refused_and_the_files_themselves_are_asked_for() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("báo cáo.pdf", PDF)

    with pytest.raises(FileRefused, match="Archives"):
        accept("a.zip", target.getvalue())


def test_a_name_that_lies_about_the_content_is_refused() -> None:
    for name in ("a.png", "a", "a.pdf.exe", "a.docx"):
        with pytest.raises(FileRefused, match="ending"):
            accept(name, PDF)


def test_an_empty_or_oversized_file_is_refused() -> None:
    with pytest.raises(FileRefused, match="empty"):
        accept("a.pdf", b"")
    with pytest.raises(FileRefused, match="10 MB"):
        accept("a.pdf", PDF + b"\0" * MAX_BYTES)


@pytest.mark.parametrize(
    ("name", "data"), [("a.pdf", PDF), ("a.png", png()), ("a.jpg", jpeg()), ("a.docx", DOCX)]
)
def test_a_truncated_file_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(FileRefused, match=r"damaged|not accepted"):
        accept(name, data[: len(data) // 2])


@pytest.mark.parametrize("data", [png(50_000, 50_000), png(40_000, 10), png(0, 5), png(20_000, 20_000)])
def test_a_picture_made_to_exhaust_memory_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused, match=r"pixels|damaged"):
        accept("a.png", data)
    with pytest.raises(FileRefused, match="pixels"):
        accept("a.jpg", jpeg(50_000, 50_000))


def test_macros_and_parts_fetched_from_elsewhere_are_refused_and_links_to_click_are_not() -> None:
    template = (
        RELS % b'<Relationship Type="x/attachedTemplate" Target="http://evil/a.dotm" TargetMode="External"/>'
    )
    link = RELS % b'<Relationship Type="x/hyperlink" Target="http://gov.vn" TargetMode="External"/>'

    with pytest.raises(FileRefused, match="macros"):
        accept("a.docx", office("word/document.xml", **{"word/vbaProject.bin": b"x"}))
    with pytest.raises(FileRefused, match="other places"):
        accept("a.docx", office("word/document.xml", **{"word/_rels/settings.xml.rels": template}))
    assert (
        accept("a.docx", office("word/document.xml", **{"word/_rels/document.xml.rels": link}))
        is EvidenceKind.DOCX
    )


def test_a_bomb_inside_a_document_is_refused() -> None:
    with pytest.raises(FileRefused, match="unpacks"):
        accept("a.docx", office("word/document.xml", **{"word/media/a.xml": b"a" * 30_000_000}))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\Báo cáo.pdf", "Báo cáo.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\x00b\n.pdf", "ab .pdf"),
        ("", "tep-khong-ten"),
        ("...", "tep-khong-ten"),
        ('a<b>:"|?*.pdf', "a_b______.pdf"),
        ("/", "tep-khong-ten"),
        (".pdf", "pdf"),
    ],
)
def test_a_shown_name_has_no_folders_controls_or_tricks(name: str, shown: str) -> None:
    assert safe_name(name) == shown


def test_a_very_long_name_keeps_its_ending() -> None:
    name = safe_name("ă" * 400 + ".pdf")

    assert len(name) <= 150
    assert name.endswith(".pdf")


def test_media_types_are_those_of_the_standards() -> None:
    assert EvidenceKind.PDF.media_type == "application/pdf"
    assert EvidenceKind.DOCX.media_type.endswith("wordprocessingml.document")
    assert EvidenceKind.JPEG.extensions == (".jpg", ".jpeg")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", PDF + DOCX),
        ("a.pdf", PDF + b"<script>alert(1)</script>"),
        ("a.docx", DOCX + b"<html><script>alert(1)</script></html>"),
        ("a.docx", DOCX + PDF),
    ],
)
def test_two_files_in_one_are_refused(name: str, data: bytes) -> None:
    with pytest.raises(FileRefused, match=r"behind its end|damaged"):
        accept(name, data)


def test_what_hangs_behind_a_picture_is_left_off() -> None:
    from evaluation.files.pictures import without_metadata

    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\xff\x00\x34\xff\xd0\x56\xff\xd9"
    picture = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00" + scan
    assert without_metadata(picture + DOCX + b"\xff\xd9", EvidenceKind.JPEG) == picture
    assert without_metadata(png() + b"<script>", EvidenceKind.PNG) == png()


def test_white_space_behind_the_end_of_a_pdf_is_no_second_file() -> None:
    assert accept("a.pdf", PDF + b"\r\n\0\0") is EvidenceKind.PDF
