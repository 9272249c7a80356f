"""Who the client is: exactly one method, the registered one, then whether it may do this now (rule A3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from portal.protocol import requests
from registry import access, assertions, audit, credentials, key_refresh, loading
from registry.actors import Actor, ActorKind
from registry.errors import InvalidClient, IssuanceStopped, UnauthorizedClient
from registry.events import Event
from registry.loading import ActingClient, Key, Secret
from registry.policy.presets import AssertionAudience
from registry.states import Action, Cell


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request says about its client, nothing of it believed yet."""

    method: str
    client_id: str
    secret: str = ""
    assertion: assertions.Assertion | None = None


def presented(form: Mapping[str, str], authorization: str | None) -> Presented:
    """Take the client's credentials out of a request. Raises InvalidClient unless exactly one method is used."""
    ways = [bool(authorization), "client_secret" in form, "client_assertion" in form]
    if sum(ways) > 1:
        raise InvalidClient("more than one way of client authentication is used")
    if (pair := requests.basic(authorization)) is not None:
        return _same(form, Presented("client_secret_basic", pair[0], pair[1]))
    if "client_assertion" in form:
        return _same(form, _asserted(form))
    if not form.get("client_id"):
        raise InvalidClient("no client authentication is presented")
    if "client_secret" in form:
        return Presented("client_secret_post", form["client_id"], form["client_secret"])
    return Presented("none", form["client_id"])


def _same(form: Mapping[str, str], found: Presented) -> Presented:
    if form.get("client_id", found.client_id) != found.client_id:
        raise InvalidClient("client_id is not the one that authenticates")
    return found


def _asserted(form: Mapping[str, str]) -> Presented:
    if form.get("client_assertion_type") != assertions.ASSERTION_TYPE:
        raise InvalidClient("client_assertion_type is not jwt-bearer")
    assertion = assertions.parse(form["client_assertion"])
    return Presented("private_key_jwt", assertion.client_id, assertion=assertion)


def authenticate(found: Presented, action: Action, now: datetime, *, request_id: str) -> ActingClient:
    """The client behind what was presented, if it proves itself and may act now.

    Raises InvalidClient, UnauthorizedClient when its registration is not decided yet, IssuanceStopped. The first,
    of a known client, is an event, one a minute. One statement, or two with an assertion (its `jti`), plus the hourly
    note.
    """
    acting = loading.acting_client(found.client_id, now)
    if acting is None:
        raise InvalidClient("the client is not known or its credentials do not fit")
    try:
        credential = _prove(found, acting, now)
        _may(acting, action, now)
    except InvalidClient as refusal:
        _record(acting, refusal, now, request_id)
        raise
    loading.note_use(acting, now, credential)
    return acting


def _prove(found: Presented, acting: ActingClient, now: datetime) -> Secret | Key | None:
    if found.method != acting.row.metadata["token_endpoint_auth_method"]:
        raise InvalidClient("the client did not authenticate by its registered method")
    if found.assertion is not None:
        return _prove_by_key(found.assertion, acting, now)
    if found.method == "none":
        return None
    for secret in acting.secrets:
        if credentials.matches(found.secret, secret.digest):
            return secret
    raise InvalidClient("the client is not known or its credentials do not fit")


def _prove_by_key(assertion: assertions.Assertion, known: ActingClient, now: datetime) -> Key:
    acting = key_refresh.acting(known, assertion.header.get("kid"), now)
    verified = assertions.verify(
        assertion,
        keys=[key.jwk for key in acting.keys],
        registered_alg=acting.row.metadata.get("token_endpoint_auth_signing_alg"),
        audiences=_audiences(acting),
        now=now,
    )
    assertions.spend(assertion, client_pk=acting.row.pk, useless_after=verified.useless_after)
    return acting.keys[verified.place]


def _audiences(acting: ActingClient) -> frozenset[str]:
    issuer = settings.REGISTRY.issuer
    if acting.row.assertion_audience == AssertionAudience.ISSUER_OR_TOKEN_ENDPOINT:
        return frozenset({issuer, f"{issuer}/token"})
    return frozenset({issuer})


def _may(acting: ActingClient, action: Action, now: datetime) -> None:
    verdict = access.may(acting.standing, action, now)
    if verdict.is_pause:
        raise IssuanceStopped
    if verdict.cell is Cell.UNDECIDED:
        raise UnauthorizedClient("The registration of this client waits for a decision.")
    if not verdict.allowed:
        raise InvalidClient("the client may not act now")


def _record(acting: ActingClient, refusal: InvalidClient, now: datetime, request_id: str) -> None:
    client = acting.row
    audit.record_once(
        Event.CLIENT_AUTHENTICATION_REFUSED,
        once=client.client_id,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=Actor(ActorKind.CLIENT, client.client_id, str(client), request_id=request_id),
        reason=refusal.found,
        now=now,
    )
