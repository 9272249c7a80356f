"""What the pages of one client show to staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal import client_page
from portal.authn import viewer_of
from portal.listing import line
from portal.log import timeline
from portal.permissions import Act, may
from portal.staff import acts
from portal.staff.manual import exception
from portal.staff.organization_page import contained_environments, event_address
from registry import access, clock, queries
from registry.events import Event
from registry.queries import ClientRow, Reach
from registry.states import FINAL_STATES, Action, ClientEvent, State, client_state_after

_EVENTS_SHOWN = 20
_VERBS: Mapping[str, tuple[Act, ClientEvent]] = {
    "suspend": (Act.CONTAIN, ClientEvent.SUSPEND),
    "reactivate": (Act.REACTIVATE, ClientEvent.REACTIVATE),
    "deregister": (Act.DEREGISTER, ClientEvent.DEREGISTER),
}


def allows(row: ClientRow, verb: str) -> bool:
    """True if the client's state has such a transition."""
    return client_state_after(row.state, _VERBS[verb][1], before=row.state_before) is not None


def detail(request: HttpRequest, row: ClientRow) -> dict[str, Any]:
    """The context of staff/clients/detail.html."""
    viewer, now = viewer_of(request), clock.now()
    events = queries.client_events(viewer, row.client_id)
    reach = queries.client_reach(viewer, row.client_id, now)
    return {
        "client": client_page.facts(row),
        "verdict": verdict(request, row),
        **client_page.sections(
            row, queries.keys(viewer, row.client_id), queries.objections(viewer, row.client_id, now)
        ),
        "tokens": tokens(row, reach),
        "cutoff": cutoff(request, row),
        "credentials": credentials(request, row),
        "entries": timeline(events[:_EVENTS_SHOWN], event_address),
        "audit_href": f"{reverse('staff:audit')}?q={row.client_id}",
        "event_count": events.count(),
        "exception": (held := exception(row, queries.manual_exception(viewer, row.client_id))),
        "may": _may_to_exception(request, row, held)
        | {verb: may(request, act) and allows(row, verb) for verb, (act, _) in _VERBS.items()},
    }


def _may_to_exception(request: HttpRequest, row: ClientRow, held: object) -> dict[str, bool]:
    living = held is not None and row.state not in FINAL_STATES
    return {
        "renew": living and may(request, Act.ONBOARD),
        "move": living
        and may(request, Act.ISSUE_CREDENTIAL)
        and row.state in {State.ACTIVE, State.RESTRICTED},
    }


def verdict(request: HttpRequest, row: ClientRow) -> dict[str, str]:
    """May it act, and which term is the weakest?"""
    said = access.may(client_page.standing(row), Action.ISSUE, clock.now())
    until = f", until {row.valid_until:%d %b %Y %H:%M} UTC" if row.valid_until and said.allowed else ""
    shown = {
        **client_page.tone(said),
        "title": f"May act: {'yes' if said.allowed else 'no'}{until}",
        "text": f"The weakest term: {said.reason}. Organization {_standing(row)}; own state {row.state}.",
    }
    waiting = queries.waiting(viewer_of(request)).filter(client=row).first()
    if waiting is not None:
        shown |= {"case_href": reverse("staff:case", args=[waiting.pk]), "case_text": "Open its case"}
    return shown


def _standing(row: ClientRow) -> str:
    """The organization's state, and its containment where that is another."""
    contained = row.environment in contained_environments(row.organization)
    return (
        f"{row.organization.state}, contained in {row.environment}" if contained else row.organization.state
    )


def tokens(row: ClientRow, reach: Reach) -> list[dict[str, Any]]:
    """Live tokens by kind, with the longest that one may live."""
    return [
        {"kind": "access tokens", "live": reach.access_tokens, "longest": f"{row.access_token_seconds} s"},
        {"kind": "refresh tokens", "live": reach.refresh_tokens, "longest": "30 d, 7 d without use"},
        {
            "kind": "registration access tokens",
            "live": reach.registration_access_tokens,
            "longest": "as long as the client",
        },
    ]


_CUTTING = (
    Event.ORGANIZATION_CONTAINED,
    Event.ORGANIZATION_REVOKED,
    Event.ORGANIZATION_ENVIRONMENT_CONTAINED,
)


def cutoff(request: HttpRequest, row: ClientRow) -> str:
    """The last instant before which nothing issued counts: the client's own, or its organization's here.

    The log is asked: the column does not say in which environment its cutoff was made.
    """
    events = queries.organization_events(viewer_of(request), row.organization.slug)
    cut = events.filter(action__in=_CUTTING, environment__in=["", row.environment]).first()
    cutoffs = [at for at in (row.cutoff_at, cut.at if cut else None) if at is not None]
    if not cutoffs:
        return "No cutoff was ever written."
    return f"Cutoff: {max(cutoffs):%d %b %Y %H:%M:%S} UTC. Nothing issued before it counts."


def credentials(request: HttpRequest, row: ClientRow) -> list[dict[str, Any]]:
    """Secrets and registration access tokens: when they were issued and used, never what they are."""
    viewer, now = viewer_of(request), clock.now()
    lives = row.state not in FINAL_STATES
    secrets = [
        _credential("client secret", secret, now, stands=lives)
        for secret in queries.secrets(viewer, row.client_id)
    ]
    organization = access.organization_standing(row.organization, row.environment)
    return secrets + [
        _credential(
            "registration access token",
            token,
            now,
            stands=_stands(token, row, organization.epoch),
        )
        for token in queries.registration_access_tokens(viewer, row.client_id)
    ]


def _stands(token: Any, row: ClientRow, organization_epoch: int) -> bool:
    return bool(token.client_epoch == row.epoch and token.organization_epoch == organization_epoch)


def _credential(kind: str, row: Any, now: datetime, *, stands: bool) -> dict[str, Any]:
    expires = getattr(row, "expires_at", None)
    expired = expires is not None and now >= expires
    usable = row.ended_at is None and stands
    return {
        "kind": kind,
        "state": "expired" if expired else "usable" if usable else "revoked",
        "issued_at": row.created_at,
        "last_used": row.last_used_at,
        "expires_at": expires,
    }


def act(request: HttpRequest, row: ClientRow, verb: str) -> dict[str, Any]:
    """The context of a confirmation page, without its form."""
    reach = queries.client_reach(viewer_of(request), row.client_id, clock.now())
    return {
        "client": client_page.facts(row),
        "step_up": acts.FRESH_FACTOR,
        "closed": "" if allows(row, verb) else f"It is {row.state}; this is not possible from there.",
        "consequences": _CONSEQUENCES[verb](reach),
    }


def _stopping(reach: Reach) -> list[dict[str, str]]:
    return [
        line(reach.access_tokens, "access token", "inactive at once."),
        line(reach.refresh_tokens, "refresh token", "and every code on its way."),
        line(reach.registration_access_tokens, "registration access token", "dead for good."),
    ]


def _suspending(reach: Reach) -> dict[str, Any]:
    return {
        "first_heading": "What stops",
        "first": _stopping(reach),
        "second_heading": "What stays",
        "second": [
            {"lead": "Keys and secrets", "text": "stay registered, for a reactivation."},
            {"lead": "Other clients", "text": "of the organization go on."},
        ],
    }


def _reactivating(_: Reach) -> dict[str, Any]:
    return {
        "first_heading": "What begins again",
        "first": [
            {"lead": "New tokens", "text": "with the keys and secrets it has, if its organization may act."}
        ],
        "second_heading": "What stays dead",
        "second": [{"lead": "Tokens and registration access tokens", "text": "from before the suspension."}],
    }


def _deregistering(reach: Reach) -> dict[str, Any]:
    return {
        "first_heading": "What ends",
        "first": [{"lead": "The client", "text": "for good; a tombstone stays."}, *_stopping(reach)],
        "second_heading": "What stays",
        "second": [
            {"lead": "Its client_id", "text": "is never used again."},
            {"lead": "Its keys", "text": "may return in the same organization only."},
        ],
    }


_CONSEQUENCES = {"suspend": _suspending, "reactivate": _reactivating, "deregister": _deregistering}
