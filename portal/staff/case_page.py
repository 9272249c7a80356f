"""One case as the queue lists it and as its page shows it: what is asked, what speaks for it, who decided."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal import change_page, client_page
from portal.authn import actor_of, viewer_of
from portal.listing import counted
from portal.log import timeline
from portal.staff.organization_acts import approve_closed, asked_sentence, checks, needs_second_person
from portal.staff.organization_page import event_address, facts
from registry import queries
from registry.queries import OrganizationRow, RegistrationRow
from registry.states import FINAL_STATES, State, Verb

TARGET = timedelta(days=2)
_EVIDENCE_WORDS: Mapping[str, str] = {
    "initial_access_token": "Initial access token",
    "hint": "It begins with",
    "issued_by": "Issued by",
    "ignored_members": "Members not stored",
    "exception": "Reason of the exception",
    "sponsor": "Our sponsor",
    "justification": "Justification",
    "by": "Entered by",
}
_IDENTIFIERS = frozenset({"initial_access_token"})
_NAMES = frozenset({"issued_by", "by"})


def number(row: RegistrationRow) -> str:
    """The short name of a case: the random end of its identifier."""
    return f"R-{str(row.pk)[-8:]}"


def row(subject: RegistrationRow | OrganizationRow, now: datetime) -> dict[str, Any]:
    """One line of the queue."""
    if isinstance(subject, RegistrationRow):
        return _registration_row(subject, now)
    return _organization_row(subject, now)


def _registration_row(row: RegistrationRow, now: datetime) -> dict[str, Any]:
    return {
        "number": number(row),
        "href": reverse("staff:case", args=[row.pk]),
        "kind": "change" if row.verb == Verb.REPLACE else "new client",
        "title": row.client.name or row.client.client_id,
        "organization_name": row.organization.display_name,
        "organization_state": row.organization.state,
        "route": row.route,
        "environment": row.environment,
        "counts": {"fail": 0, "warn": 0, "passed": len(client_page.passes())},
        "opened_at": row.created_at,
        "overdue": row.outcome == "pending" and now - row.created_at > TARGET,
        "state": state(row),
    }


def _organization_row(row: OrganizationRow, now: datetime) -> dict[str, Any]:
    return {
        "number": f"O-{row.slug}",
        "href": reverse("staff:organization_case", args=[row.slug]),
        "kind": "organization",
        "title": row.display_name,
        "organization_name": row.legal_name,
        "organization_state": row.state,
        "route": "approval",
        "environment": "",
        "counts": {"fail": 0, "warn": 0, "passed": 0},
        "opened_at": row.state_since,
        "overdue": now - row.state_since > TARGET,
        "state": "waiting",
    }


def state(row: RegistrationRow) -> str:
    """The word of a case's state."""
    if row.outcome != "pending":
        return str(row.outcome)
    return "second person" if row.first_approval_by else "waiting"


def registration_context(request: HttpRequest, row: RegistrationRow) -> dict[str, Any]:
    """The context of staff/queue/case.html for a registration, without its form."""
    passed = client_page.passes()
    names = queries.actor_names(viewer_of(request), _people_of(row))
    return {
        "case": _registration_case(row, len(passed)),
        "facts": _registration_facts(row, names),
        **_asked_for(request, row),
        **client_page.judgement(passed, row.client),
        "evidence": _evidence(row, names),
        "entries": timeline(
            queries.client_events(viewer_of(request), row.client.client_id)[:20], event_address
        ),
        "decided": _decided(row, names),
        "approve_closed": _approve_closed(request, row),
        "second_person": _second_person(row, names),
        **_neighbours(request, row),
    }


def _asked_for(request: HttpRequest, row: RegistrationRow) -> dict[str, Any]:
    """A new client's members, or what a change changes and why it waits."""
    if row.verb != Verb.REPLACE:
        return {"members": client_page.members(row.metadata)}
    others = queries.metadata_beside(viewer_of(request), row.client)
    return {
        **change_page.diff(row.metadata_before or {}, row.metadata, others),
        "risks": row.risks,
        "approve_hint": "the new metadata comes into force; the client goes on as it is until then",
        "reject_hint": "the client goes on as it is; the partner reads the reason",
    }


def _people_of(row: RegistrationRow) -> set[str]:
    said = {str(value) for name, value in row.evidence.items() if name in _NAMES}
    return said | {row.requested_by, row.first_approval_by, row.decided_by} - {""}


def _registration_case(row: RegistrationRow, passed: int) -> dict[str, Any]:
    return {
        "number": number(row),
        "title": row.client.name or "Client without a name",
        "state": state(row),
        "environment": row.environment,
        "route": row.route,
        "opened_at": row.created_at,
        "policy_version": row.policy_version,
        "verdict": f"Every rule is met: {counted(passed, 'rule')}.",
        "verdict_more": _REVIEW_SENTENCES.get(row.review, ""),
        "organization": facts(row.organization),
        "client_id": row.client.client_id,
        "client_href": reverse("staff:client", args=[row.client.client_id]),
    }


_REVIEW_SENTENCES: Mapping[str, str] = {
    "one_person": "One person decides.",
    "four_eyes": "Two people decide; whoever asked for it is not one of them.",
}


def _registration_facts(row: RegistrationRow, names: Mapping[str, str]) -> list[dict[str, Any]]:
    organization = reverse("staff:organization", args=[row.organization.slug])
    return [
        {"term": "Organization", "value": row.organization.display_name, "href": organization},
        {"term": "Its state", "state": row.organization.state},
        {"term": "Environment", "value": row.environment},
        {
            "term": "Client",
            "value": "open its page",
            "href": reverse("staff:client", args=[row.client.client_id]),
        },
        {"term": "Asked by", "value": names.get(row.requested_by, row.requested_by)},
    ]


def _evidence(row: RegistrationRow, names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "term": _EVIDENCE_WORDS.get(name, name.replace("_", " ").capitalize()),
            "value": _evidence_value(name, value, names),
            "id": name in _IDENTIFIERS,
        }
        for name, value in row.evidence.items()
    ]


def _evidence_value(name: str, value: Any, names: Mapping[str, str]) -> str:
    if name in _NAMES:
        return names.get(value, value)
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value)


def _decided(row: RegistrationRow, names: Mapping[str, str]) -> dict[str, Any] | None:
    if row.outcome == "pending":
        return None
    return {
        "outcome": row.outcome,
        "by": "policy alone" if row.decided_by == "policy" else names.get(row.decided_by, row.decided_by),
        "at": row.decided_at,
        "reason": row.reason or "every rule is met",
    }


def _approve_closed(request: HttpRequest, row: RegistrationRow) -> str:
    """Why this person cannot approve it now, or ""."""
    if row.client.state not in _APPROVABLE[row.verb]:
        return f"Its client is {row.client.state}."
    if row.organization.state in FINAL_STATES:
        return f"Its organization is {row.organization.state}."
    if row.review == "four_eyes" and actor_of(request).name == row.first_approval_by:
        return "You approved it first; another person approves second."
    if row.review == "four_eyes" and actor_of(request).name == row.requested_by:
        return "You asked for it; others approve."
    return ""


_APPROVABLE: Mapping[str, frozenset[State]] = {
    Verb.CREATE: frozenset({State.PENDING}),
    Verb.REPLACE: frozenset({State.ACTIVE, State.RESTRICTED}),
}


def _second_person(row: RegistrationRow, names: Mapping[str, str]) -> str:
    if row.review != "four_eyes" or row.outcome != "pending":
        return ""
    if row.first_approval_by:
        return f"{names.get(row.first_approval_by, 'Somebody')} approved first; a second approval decides."
    return "Four eyes: the first approval waits for a second person."


def _neighbours(request: HttpRequest, row: RegistrationRow) -> dict[str, str]:
    """The next and the previous waiting registration."""
    after, before = queries.waiting_beside(viewer_of(request), row)
    found = {"next_href": after, "previous_href": before}
    return {
        name: reverse("staff:case", args=[other.pk]) for name, other in found.items() if other is not None
    }


def organization_context(request: HttpRequest, row: OrganizationRow) -> dict[str, Any]:
    """The context of staff/queue/case.html for an organization, without its form."""
    found = checks(request, row)
    warned = sum(check["outcome"] == "warn" for check in found)
    return {
        "case": _organization_case(row, warned, len(found) - warned),
        "facts": _organization_facts(row),
        "findings": [],
        "passes": [],
        "counts": None,
        "members": [],
        "evidence": [{"term": check["title"], "value": check["found"] or "not recorded"} for check in found],
        "entries": timeline(queries.organization_events(viewer_of(request), row.slug)[:20], event_address),
        "decided": None,
        "approve_closed": approve_closed(request, row),
        "approve_hint": "the organization becomes active; production opens",
        "reject_hint": "back to draft; it can be submitted again",
        "second_person": asked_sentence(request, row) if needs_second_person(row) else "",
    }


def _organization_case(row: OrganizationRow, warned: int, passed: int) -> dict[str, Any]:
    return {
        "number": f"O-{row.slug}",
        "title": row.display_name,
        "state": "waiting" if row.state == State.PENDING else row.state,
        "environment": "",
        "route": "approval",
        "opened_at": row.state_since,
        "policy_version": "",
        "verdict": f"{counted(warned, 'point').capitalize()} to look at, {passed} in order.",
        "verdict_more": "",
        "organization": facts(row),
    }


def _organization_facts(row: OrganizationRow) -> list[dict[str, Any]]:
    shown = facts(row)
    return [
        {
            "term": "Organization",
            "value": shown["legal_name"],
            "href": reverse("staff:organization", args=[row.slug]),
        },
        {"term": "Its state", "state": row.state},
        {"term": "Identifier", "value": shown["legal_identifier"]},
        {"term": "Country", "value": row.country},
        {"term": "Our sponsor", "value": shown["sponsor_name"] or "nobody"},
    ]
