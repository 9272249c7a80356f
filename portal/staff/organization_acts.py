"""Acts that bring an organization up: submit, approve."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.authn import actor_of, viewer_of
from portal.permissions import Act, requires
from portal.staff import acts, forms
from portal.staff.organization_page import facts, may_now
from registry import clock, lifecycle, preconditions, queries
from registry.queries import OrganizationRow

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
        to=page_of(row),
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
    form = acts.bound(request, forms.SeenForm)
    return acts.answer(
        request,
        form,
        lambda _: approve_now(request, row, form),
        lambda: render(request, "staff/organizations/approve.html", _approve_context(request, row, form)),
        done=f"{row} is active.",
        to=page_of(row),
    )


def approve_now(request: HttpRequest, row: OrganizationRow, form: forms.SeenForm) -> object:
    """The one call behind both pages that approve an organization, as the page showed it."""
    with preconditions.organization_as_seen(row.pk, form.edition_seen):
        return lifecycle.approve_organization(
            row.pk,
            four_eyes=settings.REGISTRY.organization_needs_four_eyes,
            actor=actor_of(request),
            reason=form.said,
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


def _approve_context(request: HttpRequest, row: OrganizationRow, form: forms.SeenForm) -> dict[str, Any]:
    form.show(preconditions.edition(row))
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
    security = [c.email for c in queries.contacts(viewer, row.slug) if c.kind == "security"]
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
        _check(security, "A security contact is known", "No security contact is known", ", ".join(security)),
        _check(
            row.contract_end,
            "The agreement has an end",
            "The agreement has no end date",
            str(row.contract_end or ""),
        ),
    ]


def _check(passed: object, title: str, warning: str, found: str) -> dict[str, str]:
    return {"outcome": "pass" if passed else "warn", "title": title if passed else warning, "found": found}


def page_of(row: OrganizationRow) -> str:
    return reverse("staff:organization", args=[row.slug])
