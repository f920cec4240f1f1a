"""Who a person is at the province's identity provider (OpenID Connect): known by issuer and subject, never by e-mail."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select

from evaluation.extensions import db
from evaluation.models import Account, ExternalIdentity
from evaluation.services import audit, notices
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Refusal


class Unknown(Refusal):
    """The provider knows this person, and no account here is linked to them."""

    status = 403


def is_configured() -> bool:
    """Whether this province has an identity provider."""
    return bool(current_app.config["OIDC_ISSUER"] and current_app.config["OIDC_CLIENT_ID"])


def account_of(issuer: str, subject: str) -> Account:
    """The account linked to a subject of an issuer, or Unknown; a disabled account is answered alike."""
    account = db.session.scalar(
        select(Account)
        .join(ExternalIdentity, ExternalIdentity.account_id == Account.id)
        .where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    )
    if account is None or not account.is_active:
        raise Unknown(
            _(
                "No account of this site is linked to this identity. Sign in with your password and link it under"
                " “Sign-in and sessions”, or ask the administrator of your agency."
            )
        )
    return account


def link(actor: Actor, account: Account, *, issuer: str, subject: str) -> None:
    """Links an account to a subject of an issuer; one subject opens one account."""
    known = db.session.scalar(
        select(ExternalIdentity).where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    )
    if known is not None and known.account_id != account.id:
        raise Conflict(_("This identity is linked to another account already."))
    if known is None:
        db.session.add(
            ExternalIdentity(account_id=account.id, issuer=issuer, subject=subject, linked_by=actor.person_id)
        )
        audit.record(actor, "identity.linked", account, after={"issuer": issuer})
        notices.tell(
            account.person_id,
            "Your account was linked to an identity provider. If it was not you, tell your administrator at once.",
        )
    db.session.commit()


def unlink(actor: Actor, account: Account) -> None:
    """Ends all links of an account."""
    db.session.execute(delete(ExternalIdentity).where(ExternalIdentity.account_id == account.id))
    audit.record(actor, "identity.unlinked", account)
    db.session.commit()


def links_of(account: Account) -> int:
    """How many identities open an account."""
    found = db.session.scalars(select(ExternalIdentity.id).where(ExternalIdentity.account_id == account.id))
    return len(found.all())


def proves_second_factor(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that it asked for a second factor: one of OIDC_MFA_AMR in `amr`, or as `acr`."""
    wanted = {word.strip() for word in current_app.config["OIDC_MFA_AMR"].split(",") if word.strip()}
    told: Collection[Any] = claims.get("amr") or ()
    return bool(wanted.intersection(map(str, told if isinstance(told, list) else ()))) or (
        str(claims.get("acr", "")) in wanted
    )
