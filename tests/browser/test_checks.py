"""The checks of every page see what they are for: a bad page is told, each fault by its name."""

from typing import Any

import pytest

from tests.browser.checks import Watch, faults_of

SOUND = "<html lang='vi'><title>Phiếu</title><meta name=viewport content='width=device-width'><main><h1>Phiếu</h1>{}</main>"


@pytest.mark.parametrize(
    ("piece", "fault"),
    [
        ("<button></button>", "button-name"),
        ("<p style='color:#ccc;background:#fff'>Chữ quá nhạt để đọc</p>", "color-contrast"),
        ("<input>", "label"),
        ("<p>Submit the sheet</p>", "English"),
        ("<img src='data:,' alt='Save draft'>", "English"),
        ("<p>Còn %(count)s ngày</p>", "unfilled"),
        ("<div style='width:500px'>rộng</div>", "scrolls sideways"),
        ("<script>nothing()</script>", "script: "),
    ],
)
def test_a_fault_is_seen(page: Any, piece: str, fault: str) -> None:
    watch = Watch(page)
    page.set_content(SOUND.format(piece))
    assert any(fault in told for told in faults_of(page, watch))


def test_a_sound_page_has_no_fault(page: Any) -> None:
    watch = Watch(page)
    page.set_content(SOUND.format("<p>Đồng chí đã gửi phiếu tháng 11/2026.</p>"))
    assert faults_of(page, watch) == []
