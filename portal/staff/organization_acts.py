"""Acts that change an organization's state: submit, approve, contain, restore."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.authn import actor_of, viewer_of
from portal.listing import counted, line
from portal.permissions import Act, requires
from portal.staff import acts, forms
from portal.staff.organization_page import contained_environments, facts, may_now
from registry import clock, lifecycle, queries
from registry.events import Event
from registry.queries import OrganizationRow
from registry.states import Environment, State

act_methods = require_http_methods(["GET", "HEAD", "POST"])


@requires(Act.ONBOARD)
@act_methods
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Draft → pending, with evidence: another person decides."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, forms.SubmitForm)
    return acts.answer(
        request,
        form,
        lambda data: lifecycle.submit_organization(
            row.pk, evidence=data["evidence"], actor=actor_of(request), reason=data["reason"], now=clock.now()
        ),
        lambda: render(request, "staff/organizations/submit.html", _submit_context(request, row, form)),
        done=f"{row} was submitted. Somebody other than you decides.",
        to=_page_of(row),
    )


def _submit_context(request: HttpRequest, row: OrganizationRow, form: forms.SubmitForm) -> dict[str, Any]:
    return {
        "organization": facts(row),
        "form": form,
        "closed": "" if may_now(request, row)["submit"] else f"It is {row.state}; only a draft is submitted.",
        "consequences": {
            "first_heading": "What begins",
            "first": [
                {"lead": "A case", "text": "in the review queue, with your evidence."},
                {"lead": "The sandbox", "text": "stays open meanwhile."},
            ],
            "second_heading": "What stays closed",
            "second": [{"lead": "Production", "text": "until somebody approves."}],
        },
    }


@requires(Act.DECIDE)
@act_methods
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Pending → active. Whoever submitted cannot approve where policy asks for four eyes."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, forms.ReasonForm)
    return acts.answer(
        request,
        form,
        lambda _: approve_now(request, row, form.said),
        lambda: render(request, "staff/organizations/approve.html", _approve_context(request, row, form)),
        done=f"{row} is active.",
        to=_page_of(row),
    )


def approve_now(request: HttpRequest, row: OrganizationRow, reason: str) -> object:
    """The one call behind both pages that approve an organization."""
    return lifecycle.approve_organization(
        row.pk,
        four_eyes=settings.REGISTRY.organization_needs_four_eyes,
        actor=actor_of(request),
        reason=reason,
        now=clock.now(),
    )


def approve_closed(request: HttpRequest, row: OrganizationRow) -> str:
    """Why this person cannot approve it now, or ""."""
    if row.state != "pending":
        return f"It is {row.state}; only a pending organization is approved."
    mine = row.submitted_by == actor_of(request).name
    if mine and settings.REGISTRY.organization_needs_four_eyes:
        return "You submitted it; another person approves."
    return ""


def _approve_context(request: HttpRequest, row: OrganizationRow, form: forms.ReasonForm) -> dict[str, Any]:
    return {
        "organization": facts(row),
        "four_eyes": asked_sentence(request, row),
        "approvals": [],
        "checks": checks(request, row),
        "form": form,
        "closed": approve_closed(request, row),
        "decides": True,
        "consequences": {
            "first_heading": "What becomes possible",
            "first": [
                {"lead": "Production", "text": "registrations, as its review rule says."},
                {"lead": "Tokens", "text": "within its entitlements, read at each request."},
            ],
            "second_heading": "What stays as it is",
            "second": [{"lead": "Entitlements and quotas", "text": "as they were recorded."}],
        },
    }


def needs_second_person(row: OrganizationRow) -> bool:
    return row.state == "pending" and settings.REGISTRY.organization_needs_four_eyes


def asked_sentence(request: HttpRequest, row: OrganizationRow) -> str:
    """Who asked, and who may decide."""
    if not row.submitted_by:
        return "Nobody submitted it yet."
    name = queries.actor_names(viewer_of(request), [row.submitted_by])[row.submitted_by]
    if settings.REGISTRY.organization_needs_four_eyes:
        return f"{name} submitted it; somebody else decides."
    return f"{name} submitted it."


def checks(request: HttpRequest, row: OrganizationRow) -> list[dict[str, str]]:
    """What whoever decides compares: evidence, domains, contacts, entitlements, agreement."""
    viewer = viewer_of(request)
    domains = [domain.domain for domain in queries.proved_domains(viewer, row.slug)]
    kinds = [contact.kind for contact in queries.contacts(viewer, row.slug)]
    scopes = sorted({scope for held in queries.entitlements(viewer, row.slug) for scope in held.scopes})
    return [
        _check(row.evidence, "Evidence was named", "No evidence is recorded", row.evidence),
        _check(
            domains,
            "Domains are proved",
            "No domain is proved; nothing with a redirection URI can register",
            ", ".join(domains),
        ),
        _check(
            scopes,
            "Entitlements are set",
            "It holds no scope; no client of it can register",
            " ".join(scopes),
        ),
        _check("security" in kinds, "A security contact is known", "No security contact is known", ""),
        _check(
            row.contract_end,
            "The agreement has an end",
            "The agreement has no end date",
            str(row.contract_end or ""),
        ),
    ]


def _check(passed: object, title: str, warning: str, found: str) -> dict[str, str]:
    return {"outcome": "pass" if passed else "warn", "title": title if passed else warning, "found": found}


@requires(Act.CONTAIN)
@acts.with_fresh_factor
@act_methods
def contain(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop everything of an organization, or of one of its environments, at this commit."""
    row = queries.organization(viewer_of(request), slug)
    reach = queries.reach(viewer_of(request), slug, clock.now())
    form = acts.bound(request, forms.ContainForm, initial={"seen": reach.clients})
    page = partial(_contain_page, request, row, reach, form)
    if form.is_valid() and form.is_outgrown_by(reach.clients):
        return page(grew=f"It is {counted(reach.clients, 'client')} now.")
    write = partial(_contain, request, row, form)
    done = f"{row} is contained: nothing issued before this instant counts."
    return acts.answer(request, form, write, page, done=done, to=_page_of(row))


def _contain_page(
    request: HttpRequest,
    row: OrganizationRow,
    reach: queries.Reach,
    form: forms.ContainForm,
    *,
    grew: str = "",
) -> HttpResponse:
    context = _contain_context(request, row, reach) | {"form": form, "grew": grew}
    return render(request, "staff/organizations/contain.html", context)


def _contain(
    request: HttpRequest, row: OrganizationRow, form: forms.ContainForm, data: Mapping[str, Any]
) -> object:
    call: Mapping[str, Any] = {"actor": actor_of(request), "reason": form.said, "now": clock.now()}
    if (scope := data["scope"]) == "organization":
        return lifecycle.contain_organization(row.pk, **call)
    return lifecycle.contain_environment(row.pk, Environment(scope), **call)


def _contain_context(request: HttpRequest, row: OrganizationRow, reach: queries.Reach) -> dict[str, Any]:
    closed = (
        "" if may_now(request, row)["contain"] else f"It is {row.state}; there is nothing left to contain."
    )
    return {
        "organization": facts(row),
        "told": "The audit log names you and your reason.",
        "step_up": acts.FRESH_FACTOR,
        "closed": closed,
        "consequences": {
            "counted": f"counted {clock.now():%H:%M:%S} UTC, counted again when you confirm",
            "first_heading": "What stops",
            "first": [
                line(reach.clients, "client", "and every token request of theirs."),
                line(reach.access_tokens, "access token", "inactive at once."),
                line(reach.refresh_tokens, "refresh token", "and every code on its way."),
                line(reach.initial_access_tokens, "initial access token", "useless at once."),
                line(reach.registration_access_tokens, "registration access token", "dead for good."),
                line(reach.people, "person", "signed out; they may come back to read.", "people"),
            ],
            "second_heading": "What does not stop by itself",
            "second": [
                {
                    "lead": "Answers already given:",
                    "text": "a resource server that keeps an introspection answer goes on until it asks again.",
                },
                {"lead": "Keys and client secrets", "text": "stay registered, for a restore."},
                {"lead": "Data already fetched", "text": "is out of our reach."},
            ],
        },
    }


@requires(Act.RESTORE)
@acts.with_fresh_factor
@act_methods
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """End a containment. Another person than the one who contained; revives no old credential."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, forms.RestoreForm, scopes=_restorable(row))
    return acts.answer(
        request,
        form,
        lambda data: _restore(request, row, data["scope"], form.said),
        lambda: render(request, "staff/organizations/restore.html", _restore_context(request, row, form)),
        done=f"{row} is restored. Credentials from before the cutoff stay dead.",
        to=_page_of(row),
    )


def _restorable(row: OrganizationRow) -> list[tuple[str, str]]:
    whole = [("organization", "The whole organization")] if row.state == State.SUSPENDED else []
    return whole + [(name, f"Its {name} clients") for name in contained_environments(row)]


def _restore(request: HttpRequest, row: OrganizationRow, scope: str, reason: str) -> object:
    call: Mapping[str, Any] = {"actor": actor_of(request), "reason": reason, "now": clock.now()}
    if scope == "organization":
        return lifecycle.restore_organization(row.pk, **call)
    return lifecycle.restore_environment(row.pk, Environment(scope), **call)


def _restore_context(request: HttpRequest, row: OrganizationRow, form: forms.RestoreForm) -> dict[str, Any]:
    return {
        "organization": facts(row),
        "contained": _containment(request, row),
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "closed": _restore_closed(request, row),
        "consequences": {
            "first_heading": "What begins again",
            "first": [
                {
                    "lead": "New tokens",
                    "text": "for its active clients, with the secrets and keys they have.",
                },
                {"lead": "Registration", "text": "with initial access tokens that are issued from now on."},
            ],
            "second_heading": "What stays as it is",
            "second": [
                {
                    "lead": "Tokens, codes and registration access tokens",
                    "text": "from before the cutoff stay dead.",
                },
                {"lead": "Clients that were suspended by themselves", "text": "stay suspended."},
            ],
        },
    }


def _restore_closed(request: HttpRequest, row: OrganizationRow) -> str:
    if not _restorable(row):
        return f"It is {row.state}; nothing of it is contained."
    if _containers(row) == {actor_of(request).name}:
        return "You contained it; another person restores."
    return ""


def _containers(row: OrganizationRow) -> set[str]:
    """Who contained what is contained now: the whole, the sandbox, production."""
    whole = {row.contained_by} if row.state == "suspended" else set()
    sandbox = {row.sandbox_contained_by} if row.sandbox_contained else set()
    return whole | sandbox | ({row.production_contained_by} if row.production_contained else set())


def _containment(request: HttpRequest, row: OrganizationRow) -> dict[str, Any]:
    """Who contained it, when and why: as the newest event of that kind says."""
    started = [Event.ORGANIZATION_CONTAINED, Event.ORGANIZATION_ENVIRONMENT_CONTAINED]
    event = queries.organization_events(viewer_of(request), row.slug).filter(action__in=started).first()
    if event is None:
        return {"by": "nobody", "at": row.state_since, "reason": "It is not contained."}
    return {"by": event.actor_label, "at": event.at, "reason": event.reason}


def _page_of(row: OrganizationRow) -> str:
    return reverse("staff:organization", args=[row.slug])
