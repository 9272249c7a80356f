"""What the holder of a client has in hand: its secrets and its registration access token. Values are shown once."""

import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from registry import access, audit, lifecycle, rows
from registry.access import Epochs, Standing
from registry.actors import Actor
from registry.errors import Conflict, InvalidInput, InvalidToken, IssuanceStopped, NotFound, StandingForbids
from registry.events import Event
from registry.identifiers import digest, new_credential
from registry.models import Client, ClientSecret, Organization, RegistrationAccessToken
from registry.policy.presets import PRESETS
from registry.states import Action, Cell
from registry.whole_rows import Whole

REGISTRATION_ACCESS_TOKEN_PREFIX = "prr_"
CLIENT_SECRET_PREFIX = "pcs_"
SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
MOST_SECRETS = 2
GRACE = timedelta(hours=24)  # in which a registration access token goes on beside the one that took its place
_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MintedSecret:
    """A new client secret; `expires_at` is None for one without an end."""

    value: str = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who presented a registration access token: its row, and the client that it manages.

    action  what was asked for, and is allowed in the full or in the reduced form of `cell`
    """

    standing: Standing
    client: Client
    issued: Epochs
    token_id: int
    created_at: datetime
    superseded_at: datetime | None
    first_used_at: datetime | None
    last_used_at: datetime | None
    ended_at: datetime | None
    cell: Cell = Cell.YES

    @property
    def client_id(self) -> str:
        return self.standing.client_id


# Registration access tokens


def mint_registration_access_token(client: Client, epochs: Epochs, now: datetime) -> str:
    """A registration access token for a client, in the caller's transaction."""
    value, row = new_registration_access_token(client, epochs, now)
    row.save(force_insert=True)
    return value


def new_registration_access_token(
    client: Client, epochs: Epochs, now: datetime
) -> tuple[str, RegistrationAccessToken]:
    """Its value, and the row that is still to be written."""
    value = new_credential(REGISTRATION_ACCESS_TOKEN_PREFIX)
    row = RegistrationAccessToken(
        client=client,
        digest=digest(value),
        organization_epoch=epochs.organization,
        client_epoch=epochs.client,
        created_at=now,
    )
    return value, row


_CLIENT, _ORGANIZATION = Whole(Client, "c"), Whole(Organization, "o")
_HOLDER = f"""
SELECT {access.STANDING_COLUMNS}, t.organization_epoch, t.client_epoch, t.id, t.created_at, t.superseded_at,
       t.first_used_at, t.last_used_at, t.ended_at, {_CLIENT.columns}, {_ORGANIZATION.columns}
FROM {access.STANDING_JOIN} JOIN registry_registrationaccesstoken t ON t.client_id = c.id
WHERE t.digest = %s
"""  # noqa: S608  # its parts are constants of this program


def find_holder(value: str, client_id: str, action: Action, now: datetime) -> Holder:
    """Who may do this to the client by this registration access token. One statement; changes nothing.

    Raises InvalidToken, the same for a token that is unknown, ended, of another client or of one that has ended;
    StandingForbids when client or organization is stopped; IssuanceStopped for a change while nothing is issued.
    Source: RFC 7592 §2, §5.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, [digest(value)])
        row = cursor.fetchone()
    found = _holder(row) if row else None
    if found is None or found.client_id != client_id or not _is_live(found, now):
        raise _not_valid()
    return _allowed(found, action, now)


def _holder(row: tuple[Any, ...]) -> Holder:
    organization_epoch, client_epoch, *token = row[access.STANDING_WIDTH : _BEFORE_CLIENT]
    client = _CLIENT.row(row[_BEFORE_CLIENT : _BEFORE_CLIENT + _CLIENT.width])
    client.organization = _ORGANIZATION.row(row[_BEFORE_CLIENT + _CLIENT.width :])
    return Holder(access.standing_from_row(row), client, Epochs(organization_epoch, client_epoch), *token)


_BEFORE_CLIENT = access.STANDING_WIDTH + 8


def _is_live(found: Holder, now: datetime) -> bool:
    return found.ended_at is None and (found.superseded_at is None or now < found.superseded_at + GRACE)


def _allowed(found: Holder, action: Action, now: datetime) -> Holder:
    verdict = access.may(found.standing, action, now, issued=found.issued)
    if verdict.cell is Cell.GONE:
        raise _not_valid()
    if not verdict.allowed:
        raise StandingForbids(f"Not now: {verdict.reason}.", fix="Ask the operator of the registry.")
    if action is Action.WRITE_REGISTRATION and found.standing.issuing_stopped:
        raise IssuanceStopped
    return replace(found, cell=verdict.cell)


def _not_valid() -> InvalidToken:
    return InvalidToken(
        "The registration access token is not valid.",
        fix="Let an admin of your organization issue a new one.",
    )


def note_holder(holder: Holder, now: datetime) -> None:
    """Write that a registration access token was used, at most once an hour. One statement, or none; at first more.

    The first use of one that took another's place ends that one.
    """
    if holder.last_used_at is not None and now - holder.last_used_at < _NOTED_EVERY:
        return
    if holder.first_used_at is None:
        _note_first_use(holder, now)
    else:
        RegistrationAccessToken.objects.filter(pk=holder.token_id).update(last_used_at=now)


@transaction.atomic
def _note_first_use(holder: Holder, now: datetime) -> None:
    """Behind the client's lock: one that a rotation ended since it was read ends nothing any more."""
    lifecycle.lock_client(holder.client_id)
    tokens = RegistrationAccessToken.objects.filter(client_id=holder.client.pk, ended_at=None)
    if tokens.filter(pk=holder.token_id).update(first_used_at=now, last_used_at=now):
        tokens.exclude(pk=holder.token_id).update(ended_at=now)


_SUPERSEDE = """
UPDATE registry_registrationaccesstoken
SET ended_at = CASE WHEN id = %(token)s THEN NULL ELSE %(now)s::timestamptz END,
    superseded_at = CASE WHEN id = %(token)s THEN coalesce(superseded_at, %(now)s::timestamptz) ELSE superseded_at END
WHERE client_id = %(client)s AND ended_at IS NULL
"""


def rotate_registration_access_token(client: Client, holder: Holder, *, actor: Actor, now: datetime) -> str:
    """A new registration access token beside the presented one, which goes on until the new one is used.

    In the caller's transaction, which holds the client. One that was minted before and never used ends: its answer
    was lost. The grace of the presented one counts from the first that took its place.
    """
    value, row = new_registration_access_token(client, holder.standing.epochs, now)
    with connection.cursor() as cursor:
        cursor.execute(_SUPERSEDE, {"now": now, "client": client.pk, "token": holder.token_id})
    rows.insert(row)
    _record(Event.REGISTRATION_ACCESS_TOKEN_ROTATED, client, actor, now)
    return value


@transaction.atomic
def reissue_registration_access_token(client_id: str, *, actor: Actor, reason: str, now: datetime) -> str:
    """A new registration access token in place of all that the client has, which end at once.

    For a holder who lost it. Raises NotFound; StandingForbids when the client has ended or is stopped.
    """
    client = lifecycle.lock_client(client_id)
    standing = standing_to_write(client, reason, now)
    RegistrationAccessToken.objects.filter(client=client, ended_at=None).update(ended_at=now)
    value = mint_registration_access_token(client, standing.epochs, now)
    _record(Event.REGISTRATION_ACCESS_TOKEN_REISSUED, client, actor, now, reason=reason)
    return value


def standing_to_write(client: Client, reason: str, now: datetime) -> Standing:
    """The standing of a locked client whose credentials may be changed. Raises InvalidInput, StandingForbids."""
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; it is kept in the audit log.")
    organization = access.organization_standing(client.organization, client.environment)
    standing = Standing(organization, client.client_id, client.state, client.epoch, client.valid_until)
    verdict = access.may(standing, Action.READ_REGISTRATION, now)
    if not verdict.allowed:
        raise StandingForbids(f"Not now: {verdict.reason}.", fix="Reactivate or restore it first.")
    return standing


# Client secrets


def mint_client_secret(client: Client, now: datetime) -> MintedSecret:
    """A client secret, in the caller's transaction; it ends when the policy of its organization says so, or never."""
    minted, row = new_client_secret(client, now)
    row.save(force_insert=True)
    return minted


def new_client_secret(client: Client, now: datetime) -> tuple[MintedSecret, ClientSecret]:
    """Its value and end, and the row that is still to be written."""
    value = new_credential(CLIENT_SECRET_PREFIX)
    days = PRESETS[client.organization.preset].client_secret_days
    expires_at = now + timedelta(days=days) if days else None
    row = ClientSecret(
        client=client, digest=digest(value), hint=value[:8], created_at=now, expires_at=expires_at
    )
    return MintedSecret(value, expires_at), row


def needs_secret(client: Client) -> bool:
    return client.metadata["token_endpoint_auth_method"] in SECRET_METHODS


def renewed_secret(client: Client, now: datetime) -> MintedSecret | None:
    """Another secret when `secret_is_due`, else None; in the caller's transaction, which holds the client."""
    if not secret_is_due(client, now):
        return None
    kept = [row.pk for row in live_secrets(client, now)[: MOST_SECRETS - 1]]
    ClientSecret.objects.filter(client=client, ended_at=None).exclude(pk__in=kept).update(ended_at=now)
    return mint_client_secret(client, now)


def secret_is_due(client: Client, now: datetime) -> bool:
    """True for a client that authenticates by a secret and has none, or whose newest ends soon."""
    if not needs_secret(client):
        return False
    held = held_secrets(client, now)
    soon = now + timedelta(days=PRESETS[client.organization.preset].client_secret_renewal_days)
    return not held or (held[0].expires_at is not None and held[0].expires_at <= soon)


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """A live secret as it rests."""

    digest: str
    expires_at: datetime | None

    def is_of(self, value: str) -> bool:
        return hmac.compare_digest(digest(value), self.digest)


_SECRETS = """
SELECT digest, expires_at FROM registry_clientsecret
WHERE client_id = %s AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > %s)
ORDER BY created_at DESC, id DESC
"""


def held_secrets(client: Client, now: datetime) -> list[HeldSecret]:
    """The secrets that authenticate now, newest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SECRETS, [client.pk, now])
        return [HeldSecret(*row) for row in cursor.fetchall()]


def live_secrets(client: Client, now: datetime) -> Any:
    """Rows of the secrets that authenticate now, newest first."""
    rows = ClientSecret.objects.filter(client=client, ended_at=None).order_by("-created_at", "-pk")
    return rows.exclude(expires_at__lte=now)


@transaction.atomic
def add_client_secret(client_id: str, *, actor: Actor, reason: str, now: datetime) -> MintedSecret:
    """A second secret beside the first, so that software can change over without an outage.

    Raises Conflict when two live already, or when the client does not authenticate by a secret.
    """
    client = lifecycle.lock_client(client_id)
    standing_to_write(client, reason, now)
    if not needs_secret(client):
        raise Conflict("The client does not authenticate by a secret.", fix="Change its keys instead.")
    if live_secrets(client, now).count() >= MOST_SECRETS:
        raise Conflict("The client has two live secrets.", fix="Retire the one that is not used first.")
    minted = mint_client_secret(client, now)
    _record(Event.CLIENT_SECRET_ISSUED, client, actor, now, reason=reason)
    return minted


@transaction.atomic
def retire_client_secret(client_id: str, secret_id: int, *, actor: Actor, reason: str, now: datetime) -> None:
    """End one of two live secrets, at once. Raises NotFound; Conflict for the only one."""
    client = lifecycle.lock_client(client_id)
    standing_to_write(client, reason, now)
    live = list(live_secrets(client, now))
    if secret_id not in {row.pk for row in live}:
        raise NotFound("There is no such live secret.")
    if len(live) == 1:
        raise Conflict("It is the only secret of the client.", fix="Add another one first.")
    ClientSecret.objects.filter(pk=secret_id).update(ended_at=now)
    _record(Event.CLIENT_SECRET_RETIRED, client, actor, now, reason=reason, before={"secret": str(secret_id)})


# All of them


def end_client_credentials(client: Client, now: datetime) -> None:
    """Kill the secrets and registration access tokens of a client, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_END_ALL, {"now": now, "client": client.pk})


_END_ALL = """
WITH secrets AS (
    UPDATE registry_clientsecret SET ended_at = %(now)s WHERE client_id = %(client)s AND ended_at IS NULL
)
UPDATE registry_registrationaccesstoken SET ended_at = %(now)s WHERE client_id = %(client)s AND ended_at IS NULL
"""


def any_was_used(client: Client) -> bool:
    """True once a secret, a registration access token, or the client itself was used."""
    return (
        client.last_used_at is not None
        or ClientSecret.objects.filter(client=client).exclude(last_used_at=None).exists()
        or RegistrationAccessToken.objects.filter(client=client).exclude(first_used_at=None).exists()
    )


def _record(event: Event, client: Client, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        event,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=actor,
        now=now,
        **facts,
    )
