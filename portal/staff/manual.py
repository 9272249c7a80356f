"""Clients made by hand: register one under an exception, renew the exception, or hand the client over."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import client_page
from portal.authn import actor_of, viewer_of
from portal.permissions import Act, requires
from portal.staff import acts, forms
from portal.staff.organization_page import facts, open_environments
from registry import clock, queries
from registry.errors import RegistrationRefused
from registry.queries import ClientRow, OrganizationRow
from registry.registration import Registered
from registry.routes import manual
from registry.states import Environment

act_methods = require_http_methods(["GET", "HEAD", "POST"])
TELLABLE = (*acts.TELLABLE, RegistrationRefused)


def end_of(day: date) -> datetime:
    """The instant at which a last day (UTC) is over."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


@requires(Act.ONBOARD)
@acts.with_fresh_factor
@act_methods
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Register a client by hand; the answer to the POST is the only page that ever shows its credentials."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(
        request, forms.ManualForm, sponsors=_sponsors(request), environments=open_environments(row)
    )
    if request.method != "POST" or not form.is_valid():
        return _page(request, row, form)
    try:
        made = _register(request, row, form.cleaned_data)
    except TELLABLE as refusal:
        found = client_page.findings(client_page.recorded(refusal.findings))
        return acts.refused(form, refusal, lambda: _page(request, row, form, found))
    return _shown_once(request, row.display_name, made)


def _sponsors(request: HttpRequest) -> list[tuple[str, str]]:
    staff = queries.staff(viewer_of(request)).filter(is_active=True)
    return [(str(user.pk), str(user)) for user in staff]


def _register(request: HttpRequest, row: OrganizationRow, data: Mapping[str, Any]) -> Registered:
    exception = manual.ExceptionFacts(
        data["exception"], data["evidence"], UUID(data["sponsor"]), end_of(data["last_day"])
    )
    return manual.register_by_exception(
        row.pk,
        Environment(data["environment"]),
        data["metadata"],
        exception,
        actor=actor_of(request),
        now=clock.now(),
    )


def _page(
    request: HttpRequest,
    row: OrganizationRow,
    form: forms.ManualForm,
    found: list[dict[str, str]] | None = None,
) -> HttpResponse:
    context = {
        "organization": facts(row),
        "form": form,
        "findings": found or [],
        "step_up": acts.FRESH_FACTOR,
        "closed": "" if open_environments(row) else f"It is {row.state} and cannot register anywhere.",
    }
    return render(request, "staff/organizations/manual_new.html", context)


def _shown_once(request: HttpRequest, holder: str, made: Registered) -> HttpResponse:
    context = {
        "holder": holder,
        "client_id": made.client_id,
        "state": made.state,
        "secret": made.client_secret,
        "token": made.registration_access_token,
        "configuration_endpoint": f"{settings.REGISTRY.issuer}/register/{made.client_id}",
    }
    return render(request, "staff/clients/credentials_once.html", context)


@requires(Act.ONBOARD)
@acts.with_fresh_factor
@act_methods
def renew(request: HttpRequest, client_id: str) -> HttpResponse:
    """Give an exception another end."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.RenewForm)
    return acts.answer(
        request,
        form,
        lambda data: manual.renew_exception(
            client_id, end_of(data["last_day"]), actor=actor_of(request), reason=form.said, now=clock.now()
        ),
        lambda: render(request, "staff/clients/renew.html", _context(request, row, form)),
        done=f"The exception of {row} is renewed.",
        to=reverse("staff:client", args=[client_id]),
    )


@requires(Act.ISSUE_CREDENTIAL)
@acts.with_fresh_factor
@act_methods
def move(request: HttpRequest, client_id: str) -> HttpResponse:
    """Hand a client over to dynamic registration; its new token is shown on the answer alone."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.ReasonForm)
    if request.method != "POST" or not form.is_valid():
        return _move_page(request, row, form)
    try:
        _, token = manual.move_to_dynamic(
            client_id, actor=actor_of(request), reason=form.said, now=clock.now()
        )
    except TELLABLE as refusal:
        return acts.refused(form, refusal, lambda: _move_page(request, row, form))
    return _moved(request, row, token)


def _moved(request: HttpRequest, row: ClientRow, token: str) -> HttpResponse:
    context = {
        "holder": row.organization.display_name,
        "client_id": row.client_id,
        "state": row.state,
        "secret": None,
        "token": token,
        "configuration_endpoint": f"{settings.REGISTRY.issuer}/register/{row.client_id}",
    }
    return render(request, "staff/clients/credentials_once.html", context)


def _move_page(request: HttpRequest, row: ClientRow, form: forms.ReasonForm) -> HttpResponse:
    consequences = {
        "first_heading": "What becomes possible",
        "first": [
            {
                "lead": "Its own hands:",
                "text": "the partner reads, replaces and ends the client by RFC 7592.",
            },
            {"lead": "No end:", "text": "the exception is over, and so is the date on which it expires."},
        ],
        "second_heading": "What stays",
        "second": [
            {"lead": "client_id, secrets and keys", "text": "stay; tokens that live now go on."},
            {"lead": "Registration access tokens", "text": "from before end; one new token is shown once."},
        ],
    }
    context = _context(request, row, form) | {"consequences": consequences}
    return render(request, "staff/clients/move.html", context)


def _context(request: HttpRequest, row: ClientRow, form: forms.ReasonForm) -> dict[str, Any]:
    held = queries.manual_exception(viewer_of(request), row.client_id)
    return {
        "client": client_page.facts(row),
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "exception": exception(row, held),
        "closed": "" if held else "It stands under no exception.",
    }


_REASONS = dict(forms.EXCEPTION_REASONS)


def exception(row: ClientRow, held: Any) -> dict[str, Any] | None:
    """The exception as pages show it; None where there is none, or not any more."""
    if held is None:
        return None
    return {
        "reason": _REASONS.get(held.reason, held.reason),
        "evidence": held.evidence,
        "sponsor": str(held.sponsor),
        "ends_at": row.valid_until,
        "renewals": held.renewals,
    }
