"""Signing in, and the guard before every page."""

from tests import factories


def test_a_stranger_is_sent_to_the_sign_in_page_and_back(client, database) -> None:
    office = factories.office()
    answer = client.get("/?a=1")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/?a%3D1"
    answer = client.post(
        answer.location, data={"username": office.lan.official_number, "password": factories.PASSWORD}
    )
    assert answer.location == "/?a=1"
    assert "Nguyễn Thị Lan" in client.get("/").text


def test_a_wrong_password_and_an_unknown_name_read_the_same(client, database) -> None:
    office = factories.office()
    texts = set()
    for username in (office.lan.official_number, "nobody"):
        answer = client.post("/login", data={"username": username, "password": "sai mật khẩu rồi"})
        assert answer.status_code == 401
        texts.add("Tên đăng nhập hoặc mật khẩu không đúng." in answer.text)
    assert texts == {True}


def test_a_link_to_another_site_is_not_followed_after_signing_in(client, database) -> None:
    office = factories.office()
    answer = client.post(
        "/login?next=//evil.example/x",
        data={"username": office.lan.official_number, "password": factories.PASSWORD},
    )
    assert answer.location == "/"
