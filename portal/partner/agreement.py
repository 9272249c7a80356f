"""The terms of the registry: what is asked of the organization, what it accepted, and by whom."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import acts
from portal.authn import actor_of, viewer_of
from portal.partner.forms import AcceptForm
from portal.partner.guard import allows, own, partners, writers
from portal.permissions import Act, may, requires
from registry import clock, queries, terms
from registry.queries import TermsRow
from registry.states import Action


@partners
@require_http_methods(["GET", "HEAD", "POST"])
def shown(request: HttpRequest) -> HttpResponse:
    """What do we have to agree to, and what did we agree to? An admin accepts."""
    return accept(request) if request.method == "POST" else _page(request)


@requires(Act.ACCEPT_TERMS)
@writers
@acts.with_factor_where_held
def accept(request: HttpRequest) -> HttpResponse:
    """Accept the version that was read, for the organization."""
    form = AcceptForm(request.POST)
    return acts.answer(
        request,
        form,
        lambda data: terms.accept_terms(
            own(request).pk,
            data["version"],
            sha256=data["sha256"],
            actor=actor_of(request),
            now=clock.now(),
        ),
        lambda: _page(request, form),
        done="Accepted for your organization.",
        to=reverse("partner:agreement"),
    )


def _page(request: HttpRequest, sent: AcceptForm | None = None) -> HttpResponse:
    now = clock.now()
    standing = queries.terms_standing(viewer_of(request), own(request).slug, now)
    accepts = may(request, Act.ACCEPT_TERMS) and allows(own(request), Action.PORTAL_WRITE)
    asked = ([standing.outstanding] if standing.outstanding else []) + list(standing.announced)
    context = {
        "form": sent,
        "asked": [_asked(row, sent, is_due=row.effective_at <= now, accepts=accepts) for row in asked],
        "accepted": [
            {"terms": row.terms, "person": row.person_name, "at": row.accepted_at, "sha256": row.sha256}
            for row in standing.accepted
        ],
        "outstanding": standing.outstanding,
    }
    return render(request, "partner/agreement.html", context)


def _asked(row: TermsRow, sent: AcceptForm | None, *, is_due: bool, accepts: bool) -> dict[str, Any]:
    """One version to accept, with the form of this person; what was sent about it stays in it."""
    mine = sent if sent is not None and sent.data.get("version") == row.version else None
    form = mine or AcceptForm(
        initial={"version": row.version, "sha256": row.sha256}, auto_id=f"{row.version}_%s"
    )
    return {"terms": row, "is_due": is_due, "form": form if accepts else None}
