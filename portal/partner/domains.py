"""The organization's domains: which are proved, what to publish for others, and a look on demand."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal.authn import actor_of, viewer_of
from portal.partner.guard import allows, own, partners
from portal.permissions import Act, may, requires
from registry import clock, domain_proofs, queries
from registry.errors import Conflict, InvalidInput, QuotaReached, StandingForbids
from registry.states import Action

METHODS = [("dns_txt", "DNS TXT record"), ("well_known", "file over https")]
TELLABLE = (Conflict, InvalidInput, QuotaReached)


class DomainForm(forms.Form):
    """A domain to prove."""

    domain = forms.CharField(
        label="Domain",
        max_length=253,
        help_text="As in partner.example, without https:// and path.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url", "class": "in-mono"}
        ),
    )


class LookForm(forms.Form):
    """Where to look for what was published."""

    method = forms.ChoiceField(choices=METHODS)


@partners
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Which domains are ours, and what is left to publish?"""
    if request.method == "POST":
        return begin(request)
    return _page(request, DomainForm())


@requires(Act.PROVE_DOMAIN)
def begin(request: HttpRequest) -> HttpResponse:
    """Begin the proof of a domain."""
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    done = "Publish the record that is shown, then check."
    return _told(
        request, lambda: domain_proofs.ask_for_challenge(own(request).pk, **_act(request, form)), done
    )


@requires(Act.PROVE_DOMAIN)
@partners
@require_POST
def check(request: HttpRequest, domain: str) -> HttpResponse:
    """Look now whether it is there."""
    form = LookForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("No place to look at is named.", fix="Choose the record or the file.")
    act = {"domain": domain, **_act(request, form)}
    done = f"{domain} is proved. Keep the record: it is looked for every day."
    return _told(request, lambda: domain_proofs.prove_domain(own(request).pk, **act), done)


def _act(request: HttpRequest, form: forms.Form) -> dict[str, Any]:
    return {**form.cleaned_data, "actor": actor_of(request), "now": clock.now()}


def _told(request: HttpRequest, write: Callable[[], object], done: str) -> HttpResponse:
    if not allows(own(request), Action.PORTAL_WRITE):
        raise StandingForbids("These pages are read only now.", fix="Ask the operator to do it.")
    try:
        write()
        messages.success(request, done)
    except TELLABLE as refusal:
        messages.error(request, f"{refusal.found} {refusal.fix}")
    return HttpResponseRedirect(reverse("partner:domains"), status=303)


def _page(request: HttpRequest, form: DomainForm) -> HttpResponse:
    viewer, slug = viewer_of(request), own(request).slug
    proved = list(queries.proved_domains(viewer, slug))
    relying = queries.clients_by_domain(viewer, slug, [row.domain for row in proved])
    may_prove = may(request, Act.PROVE_DOMAIN) and allows(own(request), Action.PORTAL_WRITE)
    context = {
        "form": form if may_prove else None,
        "proved": [{"row": row, "clients": relying.get(row.domain, 0)} for row in proved],
        "waiting": list(queries.domain_challenges(viewer, slug, clock.now())),
        "methods": METHODS,
    }
    return render(request, "partner/domains.html", context)
