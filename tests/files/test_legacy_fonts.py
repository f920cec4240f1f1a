import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.files.legacy_fonts import LegacyFont, convert, convert_column, detect, to_legacy

FAMILY = ["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Vũ", "Hồ", "Đỗ", "Lý", "Quách"]
MIDDLE = ["Văn", "Thị", "Đức", "Hữu", "Ngọc", "Quỳnh", "Xuân", "Ánh"]
GIVEN = ["An", "Hường", "Đạt", "Ỷ", "Cường", "Tuyết", "Nghĩa", "Thuỷ", "Ngoãn", "Ướt", "Ẩn", "Khoẻ"]
names = st.tuples(st.sampled_from(FAMILY), st.sampled_from(MIDDLE), st.sampled_from(GIVEN)).map(" ".join)
vietnamese_words = st.text(
    alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ "
)


@given(vietnamese_words)
def test_small_letters_come_back_from_tcvn3_as_they_went_in(text: str) -> None:
    assert convert(to_legacy(text, LegacyFont.TCVN3), LegacyFont.TCVN3) == text


@given(names)
def test_names_come_back_from_vni_as_they_went_in(name: str) -> None:
    for spelling in (name, name.upper(), name.lower()):
        assert convert(to_legacy(spelling, LegacyFont.VNI), LegacyFont.VNI) == spelling


def test_the_well_known_samples_of_both_fonts_are_read() -> None:
    assert convert("NguyÔn V¨n ®¹t", LegacyFont.TCVN3) == "Nguyễn Văn đạt"
    assert convert("TRÇN THÞ H¦¥NG", LegacyFont.TCVN3) == "TRẦN THỊ HƯƠNG"
    assert convert("Nguyeãn Vaên Ñaït", LegacyFont.VNI) == "Nguyễn Văn Đạt"


@given(st.lists(names, min_size=8, max_size=30), st.sampled_from(LegacyFont))
def test_a_column_typed_in_an_old_font_is_recognised_as_that_font(
    column: list[str], font: LegacyFont
) -> None:
    assert detect([to_legacy(name, font) for name in column]) is font


@given(st.lists(names, min_size=1, max_size=30), st.sampled_from(["NFC", "NFD"]))
def test_a_column_in_unicode_is_never_taken_for_an_old_font(column: list[str], form: str) -> None:
    assert detect([unicodedata.normalize(form, name) for name in column]) is None


@pytest.mark.parametrize("text", ["", "UBND", "iPhone McDonald", "100 m² × 3", "Ký hiệu ® và ©", "😀"])
def test_ordinary_text_that_only_looks_odd_is_left_alone(text: str) -> None:
    assert detect([text] * 3) is None


def test_cells_already_in_unicode_stay_when_only_some_of_the_column_is_old() -> None:
    column = ["Nguyễn Công Tú", "Hồ Tô", "Lê Đức Thọ", "Phạm Thị Hường", "TrÇn ThÞ H\xad¬ng"]

    assert convert_column(column, LegacyFont.TCVN3) == [*column[:4], "Trần Thị Hương"]
