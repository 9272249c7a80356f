"""What is left until an organization is active: each step with its state, and where it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.authn import has_factor, viewer_of
from portal.listing import counted
from portal.permissions import Act, may
from registry import clock, queries
from registry.queries import OrganizationRow
from registry.roles import Role
from registry.states import Environment, State

DONE, WAITS, OPEN, CLOSED = "done", "waits for us", "not started", "cannot start yet"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its state word, and where this person does it; `href` is "" where it is nobody's here."""

    title: str
    note: str
    word: str
    href: str = ""
    verb: str = ""


def tasks(request: HttpRequest, row: OrganizationRow) -> list[dict[str, Any]]:
    """For parts/checklist.html; nothing once the organization is active. The first that can be begun is marked."""
    if row.state not in {State.DRAFT, State.PENDING}:
        return []
    steps = _steps(request, row)
    first = next((step for step in steps if step.word == OPEN and step.href), None)
    return [
        {
            "title": step.title,
            "note": step.note,
            "word": step.word,
            "now": step is first,
            "href": step.href if step.word != DONE else "",
            "verb": step.verb,
        }
        for step in steps
    ]


def done(found: Sequence[dict[str, Any]]) -> str:
    """How many steps are done, as a headline."""
    count = sum(task["word"] == DONE for task in found)
    return f"{count} of {counted(len(found), 'step')} {'is' if count == 1 else 'are'} done"


def _steps(request: HttpRequest, row: OrganizationRow) -> list[Step]:
    proved = queries.proved_domains(viewer_of(request), row.slug).exists()
    return [
        _factor(request),
        Step("Legal facts are recorded", "By the operator, with you.", DONE),
        _domain(proved=proved),
        _terms(request, row),
        _client(request, proved=proved),
        _second_admin(request, row),
        _approval(row),
    ]


def _factor(request: HttpRequest) -> Step:
    return Step(
        "A second factor guards your sign-in",
        "A code of an app beside the password: credentials are issued only with it. About 2 minutes.",
        DONE if has_factor(request) else OPEN,
        reverse("mfa_activate_totp"),
        "Set it up",
    )


def _domain(*, proved: bool) -> Step:
    note = "You show that it is yours; hosts of redirection URIs have to be under it."
    address = reverse("partner:domains")
    return Step("A domain is proved", note, DONE if proved else OPEN, address, "Prove a domain")


def _terms(request: HttpRequest, row: OrganizationRow) -> Step:
    standing = queries.terms_standing(viewer_of(request), row.slug, clock.now())
    asked = standing.outstanding
    note = f"Version {asked.version} waits for an admin of yours." if asked else "Nothing of it waits."
    return Step(
        "The agreement is accepted",
        note,
        OPEN if asked else DONE,
        reverse("partner:agreement"),
        "Read it" if not may(request, Act.ACCEPT_TERMS) else "Read and accept",
    )


def _client(request: HttpRequest, *, proved: bool) -> Step:
    here = queries.clients(viewer_of(request)).filter(environment=Environment.SANDBOX)
    return Step(
        "A first client is registered in the sandbox",
        "Your application registers itself with an initial access token; check its metadata first.",
        DONE if here.exists() else OPEN if proved else CLOSED,
        reverse("partner:register") if proved else "",
        "Choose a route",
    )


def _second_admin(request: HttpRequest, row: OrganizationRow) -> Step:
    admins = queries.people(viewer_of(request), row.slug).filter(role=Role.ORGANIZATION_ADMIN, is_active=True)
    return Step(
        "A second admin is there",
        "So that nobody is locked out when one person leaves. About 2 minutes.",
        DONE if admins.count() > 1 else OPEN,
        reverse("partner:team") if may(request, Act.MANAGE_OWN_TEAM) else "",
        "Invite",
    )


def _approval(row: OrganizationRow) -> Step:
    note = "Two people of the operator decide; then production opens."
    return Step("Production is asked for", note, WAITS if row.state == State.PENDING else OPEN)
