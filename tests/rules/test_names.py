import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.rules.names import clean_name, fold, outside_vietnamese, sort_key


def test_people_are_ordered_by_given_name_in_the_vietnamese_alphabet() -> None:
    ordered = [
        "Nguyễn An",
        "Vũ Anh",
        "Lý Ăn",
        "Đỗ Ân",
        "Ma Bình",
        "Tạ Dung",
        "Lê Đạt",
        "Hà Em",
        "Bế Ên",
        "Ngô On",
        "Hồ Ôn",
        "Phạm Ơn",
        "Chu Ung",
        "Bùi Ưng",
        "Cao Vy",
        "An Yên",
    ]

    assert sorted(set(ordered), key=sort_key) == ordered


def test_tones_go_level_huyen_hoi_nga_sac_nang_and_only_after_all_letters() -> None:
    tones = ["Lê Ma", "Lê Mà", "Lê Mả", "Lê Mã", "Lê Má", "Lê Mạ", "Lê Mai"]

    assert sorted(set(tones), key=sort_key) == tones


def test_people_of_one_given_name_are_ordered_by_family_then_middle_name() -> None:
    ordered = ["Đỗ Văn An", "Lê An", "Lê Thị An", "Lê Vân An", "Nguyễn An"]

    assert sorted(set(ordered), key=sort_key) == ordered
    assert sort_key("Lê Văn An") < sort_key("Lê Vân An")


@given(st.text())
@example("Nguyễn Văn A\u0301n\ud800")
def test_a_sort_key_is_ascii_so_that_every_database_compares_its_bytes_the_same_way(text: str) -> None:
    assert sort_key(text).isascii()


@given(
    st.sampled_from(["Nguyễn Thị Hường", "Đặng Ưng Ỷ", "Hồ Quý Ly", "Lê Đức Thọ"]),
    st.sampled_from(["NFC", "NFD"]),
)
def test_composed_and_decomposed_spellings_are_one_name(name: str, form: str) -> None:
    other = unicodedata.normalize(form, name)

    assert clean_name(other) == name
    assert (fold(other), sort_key(other)) == (fold(name), sort_key(name))


def test_search_forgets_accents_case_and_where_the_tone_was_put() -> None:
    assert fold("  ĐẶNG\u00a0Thị  Hoà ") == fold("Đặng Thị Hòa") == "dang thi hoa"


def test_invisible_and_direction_characters_vanish_from_a_name() -> None:
    assert clean_name("\u202eLê\u200b\u00a0\u00a0Văn\ufeff An\x00\ud800\t") == "Lê Văn An"


def test_look_alike_letters_are_named_and_real_names_of_the_highlands_are_not() -> None:
    assert outside_vietnamese("Nguyễn Vаn") == "а"
    assert outside_vietnamese("Lê Văn 1 😀") == "1😀"
    assert outside_vietnamese("Y Ñuê H'Bŏ Niê-Kđăm") == ""


@given(st.text(max_size=60))
def test_cleaning_and_folding_twice_change_nothing_more(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)
    assert fold(fold(text)) == fold(text)
