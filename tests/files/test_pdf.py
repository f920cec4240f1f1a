"""PDFs: A4, our own fonts inside, nothing fetched but files under static/, and a sentence where Pango is missing."""

import builtins
import io
from typing import Any

import pytest
from pypdf import PdfReader

from evaluation.files import pdf

needs_pango = pytest.mark.skipif(
    not pdf.available(), reason="Pango is not installed: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)
PAGE = (
    '<html lang="vi"><head><link rel="stylesheet" href="/static/paper.css"></head><body>{body}</body></html>'
)


def made(body: str) -> PdfReader:
    return PdfReader(io.BytesIO(pdf.from_html(PAGE.format(body=body))))


@needs_pango
def test_vietnamese_text_is_read_back_letter_by_letter() -> None:
    said = "Phiếu xếp loại chất lượng công chức: Hoàn thành tốt nhiệm vụ, Đà Nẵng, quý IV"

    read = made(f"<p>{said}</p><p><b>{said}</b></p><p><i>{said}</i></p>").pages[0].extract_text()

    assert " ".join(read.split()) == " ".join([said] * 3)


@needs_pango
def test_a_page_is_a4_and_every_font_is_embedded() -> None:
    page = made("<p>Thường</p><p><b>Đậm</b></p><p><i>Nghiêng</i></p>").pages[0]

    assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert fonts
    assert all("Tinos" in font["/BaseFont"] for font in fonts)
    assert all({"/FontFile2", "/FontFile3"} & set(one) for one in descriptors)


@needs_pango
def test_the_second_page_is_numbered_and_the_first_is_not() -> None:
    pages = made("<p>một</p><p style='break-before: page'>hai</p>").pages

    assert [sorted(page.extract_text().split()) for page in pages] == [["một"], ["2", "hai"]]


@needs_pango
def test_a_page_reaches_neither_the_network_nor_files_outside_static(tmp_path: Any) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("body { display: none }")
    outside = (
        f'<link rel="stylesheet" href="{secret.as_uri()}"><link rel="stylesheet" href="/static/../config.py">'
    )

    read = made(f'{outside}<img src="http://192.0.2.1/x.png" alt=""><p>còn nguyên</p>').pages[0]

    assert read.extract_text().strip() == "còn nguyên"


@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.1/static/app.css",
        "file://elsewhere/static/app.css",
        "file:///etc/passwd",
        "file:///static/../config.py",
        "file:///static/%2e%2e/config.py",
        "file:///static/none.css",
        "file:///static/",
    ],
)
def test_only_files_under_static_have_an_address(address: str) -> None:
    assert pdf.static_file("file:///static/app.css?v=1") == pdf.STATIC / "app.css"
    assert pdf.static_file(address) is None


@pytest.mark.parametrize(
    ("error", "missing"),
    [(ModuleNotFoundError("weasyprint"), "WeasyPrint"), (OSError("libpango"), "Pango")],
)
def test_without_the_library_the_person_reads_what_to_install(
    monkeypatch: pytest.MonkeyPatch, error: Exception, missing: str
) -> None:
    ordinary = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise error
        return ordinary(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(pdf.Unavailable) as refused:
        pdf.from_html("<p>x</p>")

    assert missing in str(refused.value)
    assert "apt-get install libpango-1.0-0" in str(refused.value)
    assert not pdf.available()
