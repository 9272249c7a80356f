"""Initial access tokens of one's own organization: issue one, shown once, and end one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import acts, token_rows
from portal.authn import actor_of, viewer_of
from portal.forms import TokenForm
from portal.partner.guard import allows, open_environments, own, partners, writers
from portal.permissions import Act, may, requires
from registry import clock, credentials, queries
from registry.credentials import Ceiling
from registry.states import Action, Environment

_SECONDS_PER_HOUR = 3600
_REASON = "issued by an admin of the organization"


@partners
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Who can still register in our name?"""
    writes = allows(own(request), Action.PORTAL_WRITE)
    tokens = token_rows.listed(request, own(request).slug, Act.ISSUE_OWN_CREDENTIAL)
    may_issue = may(request, Act.ISSUE_OWN_CREDENTIAL) and bool(open_environments(own(request)))
    context = {
        "tokens": [token | {"may_revoke": token["may_revoke"] and writes} for token in tokens],
        "usable": sum(token["state"] == "usable" for token in tokens),
        "may_issue": may_issue and writes,
    }
    return render(request, "partner/tokens.html", context)


@requires(Act.ISSUE_OWN_CREDENTIAL)
@writers
@acts.with_fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Issue an initial access token; the answer to the POST is the only page that ever shows it."""
    row = own(request)
    roles = [held.role for held in queries.entitlements(viewer_of(request), row.slug)]
    form = acts.bound(request, TokenForm, roles=roles, environments=open_environments(row))
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    try:
        minted = _issue(request, form.cleaned_data)
    except acts.TELLABLE as refusal:
        return acts.refused(form, refusal, lambda: _page(request, form))
    return _shown_once(request, minted)


def _issue(request: HttpRequest, data: Mapping[str, Any]) -> credentials.Minted[Any]:
    ceiling = Ceiling(
        max_uses=data["max_uses"],
        lifetime_seconds=data["hours"] * _SECONDS_PER_HOUR,
        roles=data["roles"] or None,
        allowed_hosts=data["allowed_hosts"] or None,
        software_id=data["software_id"],
    )
    return credentials.issue_initial_access_token(
        own(request).pk,
        Environment(data["environment"]),
        ceiling,
        actor=actor_of(request),
        reason=_REASON,
        now=clock.now(),
    )


def _page(request: HttpRequest, form: TokenForm) -> HttpResponse:
    environments = open_environments(own(request))
    context = {
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "closed": "" if environments else f"Your organization is {own(request).state}.",
    }
    return render(request, "partner/token_new.html", context)


def _shown_once(request: HttpRequest, minted: credentials.Minted[Any]) -> HttpResponse:
    context = {
        "what": "initial access token",
        "value": minted.value,
        "used_at": f"{settings.REGISTRY.issuer}/register",
        "lede": "Give it to the software that registers. Once it is spent or over, it opens nothing.",
        "facts": [
            ("Environment", minted.row.environment),
            ("Uses", str(minted.row.max_uses)),
            ("Ends", f"{minted.row.expires_at:%d %b %Y %H:%M} UTC"),
            ("Bound to", ", ".join(token_rows.restrictions(minted.row)) or "your organization only"),
        ],
        "back": reverse("partner:tokens"),
    }
    return render(request, "partner/secret_once.html", context)


@requires(Act.ISSUE_OWN_CREDENTIAL)
@writers
@require_POST
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End an initial access token before its time. Clients that it registered stay."""
    credentials.revoke_initial_access_token(
        token_id,
        organization_id=own(request).pk,
        actor=actor_of(request),
        reason="revoked by an admin of the organization",
        now=clock.now(),
    )
    return acts.gone(
        request,
        done="Revoked. Nothing can be registered with it any more.",
        to=reverse("partner:tokens"),
    )
