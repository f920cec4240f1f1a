"""Vietnamese and English: who reads which, and the catalogues, read from plain .po files at start-up."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, Domain, get_domain, get_locale
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

LOCALES = ("vi", "en")
DEFAULT_LOCALE = "vi"
FOLDER = Path(__file__).parent / "translations"


class CatalogueDomain(Domain):
    """The merged catalogues of all nouns, held in memory."""

    def __init__(self, catalogues: dict[str, NullTranslations]) -> None:
        super().__init__()
        self.catalogues = catalogues

    def get_translations(self) -> NullTranslations:
        """The reader's catalogue; English ids are English text, so English needs none."""
        locale = get_locale()
        return self.catalogues.get(locale.language if locale else DEFAULT_LOCALE, NO_TRANSLATIONS)


NO_TRANSLATIONS = NullTranslations()


def read_catalogue(locale: str, folder: Path = FOLDER) -> Catalog:
    """Every .po of one locale as one catalogue; fuzzy and empty translations do not count."""
    merged = Catalog(locale=locale)
    for path in sorted((folder / locale).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale, abort_invalid=True):
                if message.id and message.string and not message.fuzzy:
                    merged.add(message.id, message.string, context=message.context)
    return merged


def load(locale: str, folder: Path = FOLDER) -> NullTranslations:
    """The locale's translations, ready to ask; written as a .mo in memory only."""
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(locale, folder))
    compiled.seek(0)
    return Translations(compiled)


def reader_locale() -> str:
    """The account's language, else the one chosen in this session, else Vietnamese."""
    if not has_request_context():
        return DEFAULT_LOCALE
    chosen = account_locale() or session.get("locale")
    return chosen if chosen in LOCALES else DEFAULT_LOCALE


def account_locale() -> str | None:
    """The signed-in account's language; None when nobody is, or when the database cannot say."""
    try:
        return getattr(current_user, "locale", None)
    except SQLAlchemyError:
        return None  # the page that tells of a broken database must itself be readable


class ReaderWords:
    """What WTForms asks for the words of its own messages: our catalogues, as it has no Vietnamese."""

    def ugettext(self, text: str) -> str:
        return str(get_domain().gettext(text))

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        # WTForms fills the placeholders itself, so ask without any.
        return str(get_domain().get_translations().ungettext(singular, plural, number))


def _lend_words_to_forms() -> None:
    request.wtforms_translations = ReaderWords()  # type: ignore[attr-defined]


def _held_catalogue() -> NullTranslations:
    """The reader's catalogue for templates, looked up once a request and locale: a list has hundreds of words."""
    try:
        state = g._flask_babel  # where Flask-Babel keeps the locale, force_locale included
    except (AttributeError, RuntimeError):
        return get_domain().get_translations()
    locale = getattr(state, "babel_locale", None)
    held = getattr(state, "catalogue", None)
    if held is None or locale is None or held[0] is not locale:
        held = (get_locale(), get_domain().get_translations())
        state.catalogue = held
    return held[1]


def init_language(app: Flask, babel: Babel) -> None:
    """Binds Babel with our catalogues; dates in Vietnam's zone."""
    babel.init_app(
        app,
        default_locale=DEFAULT_LOCALE,
        default_timezone="Asia/Ho_Chi_Minh",
        locale_selector=reader_locale,
    )
    app.before_request(_lend_words_to_forms)
    babel.domain_instance = CatalogueDomain({locale: load(locale) for locale in LOCALES})
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _held_catalogue().ugettext(text),
        ngettext=lambda one, many, number: _held_catalogue().ungettext(one, many, number),
        newstyle=True,
    )
