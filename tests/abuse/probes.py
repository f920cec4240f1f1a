"""What nobody should type: hostile values for every kind of field, as bytes of a form, and the traces they would leave."""

from html.parser import HTMLParser
from random import Random

MEGABYTES = 10
TEMPLATE, TEMPLATE_DONE = "{{7001*7}}${7001*7}<%=7001*7%>", "49007"

TEXTS: list[str | bytes] = [
    "", " ", "\x00", "a\x00b", "\r\nSet-Cookie: probe=1", "\ufeff", "\u202ecod.exe", "a\u200b\u200d", "😀" * 40,
    "Nguyễn Văn Đỗ", "Nguye\u0302\u0303n", "Ｎｇｕｙｅ", "іvan-кирилиця", "ﷺ" * 50, "\x1b[31m", "\u2028\u2029", "%00", "%s%n%x",
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xff\xfe", b"\xc0\xaf", b"\xf4\x90\x80\x80", "\\", "'", '"', "`", ";", "--", "/*",
    "' or '1'='1", "1; drop table person; --", "1) union select null--", "%' or 1=1 --", "_%_", "{}", "{'a':1}", "[]",
    '{"a":', "null", "None", "true", "undefined", "../../etc/passwd", "..\\..\\win.ini", "file:///etc/passwd",
    "//evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil\\share", "CON", "=1+1", "@SUM(1)",
    '"><probe onprobe=1>', "'><probe onprobe=1>", "<probe onprobe=1>", '" onprobe="1', "' onprobe='1", "</script><probe>",
    "</textarea><probe>", "</title><probe>", "<!--<probe>", "<svg/onprobe=1>", TEMPLATE, "{% raw %}", "${jndi:ldap://x}",
    "a" * 3000, "ă" * 70000, "(" * 5000, "a" * 200_000, "1" * 5000, "-" * 300, "$(id)", "|id", "x'||(select 1)||'",
]  # fmt: skip
NUMBERS = [
    "0", "-1", "-0", "1", "2", "99", "100,0001", "89.5", "89,5", "1,2,3", "1.234", "1.234,56", "1e309", "-1e309", "1e5", "NaN",
    "nan", "inf", "-Infinity", "0x10", "1_000", "٣", "²", "½", "9" * 18, "9" * 19, "9" * 40, "9223372036854775807",
    "9223372036854775808", "2147483648", "-9223372036854775809", "0" * 50 + "1", "1" + "0" * 400, " 5 ", "+5", "5-", "1/3", "١٢",
]  # fmt: skip
DATES = [
    "2026-03-05", "31/02/2026", "2026-13-45", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "-2026-01-01",
    "2026-3-5", "05/03/26", "29/02/2027", "29/02/2028", "2026-03", "2026-99", "2026-Q1", "2026-Q9", "2026-H3", "2026", "1899",
    "20260305", "2026-03-05T00:00:00Z", "03/2026", "1/1", "45123", "1e5", "٢٠٢٦-٠٣-٠٥", "2026-02-30", "99999-01",
    "2026-03-05' --",
]  # fmt: skip
IDS = ["0", "-1", "1", "2", "7", "999999", "2147483648", "9223372036854775807", "9223372036854775808", "1" + "0" * 30, "1.5",
       "abc", "%00", "1%20", "01", "１"]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROBE"]
CONTENT_TYPES = [
    "application/x-www-form-urlencoded", "application/json", "text/plain", "text/xml", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "multipart/form-data; boundary=\"" + "y" * 300 + '"',
    "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded; charset=probe", "", "probe", "a/b;c",
]  # fmt: skip
BODIES: list[bytes] = [
    b"", b"{", b"[]", b"null", b'{"a":1e999}', b"[" * 3000, b"\x00" * 100, b"%", b"%zz=%zz", b"&&&===", b"a" * 5000,
    b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n",
    b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--",
    b"--x\r\nContent-Disposition: probe\r\n\r\n1\r\n--x--\r\n",
    b"--x\r\n" + b"Content-Type: a\r\n" * 300 + b"\r\n--x--", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    b"a=1&" * 6000, b"pick=1&" * 500, b"\xff\xfe\xfd=\xfc",
]  # fmt: skip


def value(chance: Random, kind: str = "text") -> bytes:
    """One hostile value; once in a while as large as nobody types."""
    if chance.random() < 0.002:
        return b"a" * (MEGABYTES * 1024 * 1024)
    pools: list[list[str] | list[str | bytes]] = [TEXTS, NUMBERS, DATES, IDS]
    first = {"number": NUMBERS, "date": DATES, "hidden": IDS, "select": IDS}.get(kind, TEXTS)
    chosen = chance.choice(first if chance.random() < 0.6 else chance.choice(pools))
    if isinstance(chosen, bytes):
        return chosen
    return chosen.encode("utf-8", "surrogatepass")


class Traces(HTMLParser):
    """Looks for a probe that became a tag or an attribute, which is a text shown unescaped."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "probe" or any(name == "onprobe" for name, _value in attrs):
            self.found.append(self.get_starttag_text() or tag)


def traces(text: str) -> list[str]:
    """Every probe of ours that the page took for markup or worked out."""
    found = Traces(text).found if "probe" in text else []
    if TEMPLATE_DONE in text and "7001" not in text:
        found.append("a template was worked out")
    return found
