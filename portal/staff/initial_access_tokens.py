"""Initial access tokens: issue one, shown once, and end one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal.authn import actor_of, viewer_of
from portal.permissions import Act, requires
from portal.staff import acts, forms
from portal.staff.organization_page import facts, open_environments
from portal.token_rows import restrictions
from registry import clock, credentials, queries
from registry.credentials import Ceiling
from registry.queries import OrganizationRow
from registry.states import Environment

_SECONDS_PER_HOUR = 3600


@requires(Act.ISSUE_CREDENTIAL)
@acts.with_fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue an initial access token; the answer to the POST is the only page that ever shows it."""
    row = queries.organization(viewer_of(request), slug)
    roles = [held.role for held in queries.entitlements(viewer_of(request), slug)]
    form = acts.bound(request, forms.InitialAccessTokenForm, roles=roles, environments=open_environments(row))
    if request.method != "POST" or not form.is_valid():
        return _page(request, row, form)
    try:
        minted = _issue(request, row, form.cleaned_data, form.said)
    except acts.TELLABLE as refusal:
        return acts.refused(form, refusal, lambda: _page(request, row, form))
    return _shown_once(request, row, minted)


def _issue(
    request: HttpRequest, row: OrganizationRow, data: Mapping[str, Any], reason: str
) -> credentials.Minted[Any]:
    ceiling = Ceiling(
        max_uses=data["max_uses"],
        lifetime_seconds=data["hours"] * _SECONDS_PER_HOUR,
        roles=data["roles"] or None,
        allowed_hosts=data["allowed_hosts"] or None,
        software_id=data["software_id"],
    )
    return credentials.issue_initial_access_token(
        row.pk,
        Environment(data["environment"]),
        ceiling,
        actor=actor_of(request),
        reason=reason,
        now=clock.now(),
    )


def _page(request: HttpRequest, row: OrganizationRow, form: forms.InitialAccessTokenForm) -> HttpResponse:
    environments = open_environments(row)
    context = {
        "organization": facts(row),
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "closed": "" if environments else f"It is {row.state} and cannot register anywhere.",
        "consequences": {
            "first_heading": "What becomes possible",
            "first": [
                {
                    "lead": "Registration over HTTP",
                    "text": f"in {' and '.join(environments) or 'no environment'} by whoever holds it.",
                },
                {"lead": "Policy", "text": "judges every registration; its review rule decides what waits."},
            ],
            "second_heading": "What it cannot do",
            "second": [
                {"lead": "Read or change", "text": "a client that exists."},
                {"lead": "Outlive", "text": "a containment of the organization."},
            ],
        },
    }
    return render(request, "staff/organizations/initial_access_token_new.html", context)


def _shown_once(request: HttpRequest, row: OrganizationRow, minted: credentials.Minted[Any]) -> HttpResponse:
    context = {
        "organization": facts(row),
        "token": minted.value,
        "issued": {
            "environment": minted.row.environment,
            "max_uses": minted.row.max_uses,
            "expires_at": minted.row.expires_at,
            "restrictions": restrictions(minted.row),
        },
        "registration_endpoint": f"{settings.REGISTRY.issuer}/register",
    }
    return render(request, "staff/organizations/initial_access_token_created.html", context)


@requires(Act.END_CREDENTIAL)
@require_POST
def revoke(request: HttpRequest, slug: str, token_id: UUID) -> HttpResponse:
    """End an initial access token before its time. Clients that it registered stay."""
    row = queries.organization(viewer_of(request), slug)
    credentials.revoke_initial_access_token(
        token_id, organization_id=row.pk, actor=actor_of(request), reason="revoked by staff", now=clock.now()
    )
    return acts.gone(
        request,
        done="Revoked. Nothing can be registered with it any more.",
        to=reverse("staff:organization_clients", args=[slug]),
    )
