"""What a browser sees of a page: its links, and its forms with everything that would be sent."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """One control of a form: its name, kind, what it would send now, and what may be chosen."""

    name: str
    kind: str
    value: str = ""
    sent: bool = True
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form as it would be sent, with the buttons that send it and where each leads."""

    action: str
    method: str = "get"
    encoding: str = ""
    name: str = ""
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # formaction, name, value

    def values(self) -> dict[str, str]:
        """What is sent when nothing is changed; of several controls of one name the last."""
        return {one.name: one.value for one in self.fields if one.sent and one.name}

    def pairs(self) -> list[tuple[str, str]]:
        """Everything that is sent, names repeated as they are."""
        return [(one.name, one.value) for one in self.fields if one.sent and one.name]


class Page(HTMLParser):
    """Links and forms of one page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._inside: Form | None = None
        self._elsewhere: list[tuple[str, Field | tuple[str, str, str]]] = []
        self._area: Field | None = None
        self._select: Field | None = None
        self.feed(text)
        named = {form.name: form for form in self.forms if form.name}
        for name, one in self._elsewhere:  # controls that say form="…"
            if name in named:
                self._put(named[name], one)

    def form_to(self, *endings: str) -> Form | None:
        """The first form that leads, itself or by a button, to an address with one of these ends."""
        for form in self.forms:
            places = [form.action, *(button[0] for button in form.buttons)]
            if any(place.split("?")[0].endswith(endings) for place in places):
                return form
        return None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: text or "" for name, text in attrs}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        for name in ("hx-get", "data-href"):
            if given.get(name):
                self.links.append(given[name])
        if tag == "form":
            self._inside = Form(
                given.get("action", ""),
                given.get("method", "get").lower(),
                given.get("enctype", ""),
                given.get("id", ""),
            )
            self.forms.append(self._inside)
        elif tag == "input":
            kind = given.get("type", "text").lower()
            sent = kind not in ("checkbox", "radio") or "checked" in given
            value = given.get("value", "on" if kind in ("checkbox", "radio") else "")
            if kind in ("submit", "button", "reset"):
                self._add(given, (given.get("formaction", ""), given.get("name", ""), value))
            else:
                self._add(given, Field(given.get("name", ""), kind, value, sent and "disabled" not in given))
        elif tag == "button" and given.get("type", "submit") == "submit":
            self._add(given, (given.get("formaction", ""), given.get("name", ""), given.get("value", "")))
        elif tag == "textarea":
            self._area = Field(given.get("name", ""), "textarea")
            self._add(given, self._area)
        elif tag == "select":
            self._select = Field(given.get("name", ""), "select")
            self._add(given, self._select)
        elif tag == "option" and self._select is not None:
            self._select.choices.append(given.get("value", ""))
            if "selected" in given or len(self._select.choices) == 1:
                self._select.value = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data

    def _add(self, given: dict[str, str], one: Field | tuple[str, str, str]) -> None:
        if given.get("form"):
            self._elsewhere.append((given["form"], one))
        elif self._inside is not None:
            self._put(self._inside, one)

    @staticmethod
    def _put(form: Form, one: Field | tuple[str, str, str]) -> None:
        if isinstance(one, Field):
            form.fields.append(one)
        else:
            form.buttons.append(one)
