"""The terms: publish a version, and see who has accepted what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.authn import actor_of, viewer_of
from portal.permissions import Act, may, requires
from portal.staff import acts, forms
from registry import clock, queries, terms

SHOWN = 100


@requires(Act.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Which terms are in force, and who has not accepted them? A partner manager publishes the next."""
    if request.method == "POST":
        return publish(request)
    return _page(request, acts.bound(request, forms.TermsForm) if may(request, Act.PUBLISH_TERMS) else None)


@requires(Act.PUBLISH_TERMS)
@acts.with_fresh_factor
def publish(request: HttpRequest) -> HttpResponse:
    """Publish a version, for ever."""
    form = acts.bound(request, forms.TermsForm)
    return acts.answer(
        request,
        form,
        lambda data: _publish(request, data, clock.now()),
        lambda: _page(request, form),
        done="Published. Partners are asked for it from its date on.",
        to=reverse("staff:terms"),
    )


def _publish(request: HttpRequest, data: Mapping[str, Any], now: datetime) -> object:
    actor, operator_id = actor_of(request), queries.operator_id()
    return terms.publish_terms(_facts(data, now), actor=actor, operator_id=operator_id, now=now)


def _facts(data: Mapping[str, Any], now: datetime) -> terms.TermsFacts:
    """A day of now means at once: it has begun already."""
    day = data["effective_day"]
    begins = datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
    return terms.TermsFacts(
        version=data["version"],
        title=data["title"],
        effective_at=now if day == now.date() else begins,
        text=data["text"],
        url=data["url"],
        sha256=data["sha256"],
    )


def _page(request: HttpRequest, form: forms.TermsForm | None) -> HttpResponse:
    viewer, now = viewer_of(request), clock.now()
    owing = queries.organizations_owing_terms(viewer, now)
    context = {
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "in_force": queries.terms_in_force(now),
        "versions": queries.terms_versions(),
        "owing": owing[:SHOWN],
        "owing_count": owing.count(),
    }
    return render(request, "staff/terms.html", context)
