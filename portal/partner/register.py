"""Register a client: which route, and would it pass? Checking stores nothing."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import acts, client_page
from portal.authn import viewer_of
from portal.partner import forms
from portal.partner.guard import allows, open_environments, own, partners
from portal.permissions import Act, may
from registry import clock, linting, queries
from registry.linting import Linted
from registry.states import Action, Environment


@partners
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The routes and the linter; a POST judges what was pasted and answers with every rule."""
    form = acts.bound(request, forms.LintForm)
    judged = _lint(request, form) if request.method == "POST" and form.is_valid() else None
    said = {"form": form, "judged": judged}
    if request.headers.get("X-Part") == "linter":
        return render(request, "partner/clients/linter.html", said)
    return render(request, "partner/clients/register.html", said | _page(request))


def _lint(request: HttpRequest, form: forms.LintForm) -> dict[str, Any]:
    environment = Environment(form.cleaned_data["environment"])
    return _judged(linting.lint(own(request).pk, environment, form.cleaned_data["metadata"], now=clock.now()))


def _page(request: HttpRequest) -> dict[str, Any]:
    domains = queries.proved_domains(viewer_of(request), own(request).slug)
    return {"routes": _routes(request), "domains": [row.domain for row in domains]}


def _judged(said: Linted) -> dict[str, Any]:
    found = client_page.findings(client_page.recorded(said.findings))
    rules = {finding.rule for finding in said.findings}
    met = [rule for rule in client_page.passes() if rule["rule"] not in rules]
    return {
        "findings": found,
        "passes": met if said.metadata else [],
        "counts": {"fail": len(found), "warn": 0, "passed": len(met) if said.metadata else 0},
        "replaced": said.replaced,
        "stored": json.dumps(said.metadata, indent=2) if said.metadata else "",
    }


def _routes(request: HttpRequest) -> list[dict[str, str]]:
    """The ways to register, with what each needs; `closed` says why one is not open to this organization now."""
    closed = _closed(request)
    issues = not closed and may(request, Act.ISSUE_OWN_CREDENTIAL)
    return [
        {
            "title": "Federation",
            "text": "Keys and metadata follow the signed statements of your Entity Identifier; no secret to keep.",
            "closed": "This registry belongs to no federation yet.",
        },
        {
            "title": "Dynamic registration",
            "text": "Your software posts its metadata with an initial access token (RFC 7591). About 5 minutes.",
            "closed": closed,
            "href": reverse("partner:token_new") if issues else "",
            "verb": "Issue initial access token",
        },
        {
            "title": "Metadata document",
            "text": "The client_id is an https address under your domain, where the metadata stands.",
            "closed": "This registry does not read metadata documents yet.",
        },
        {
            "title": "By hand",
            "text": "An exception for software that cannot register itself. It wants evidence and a sponsor of the "
            "operator, ends within twelve months, and is judged by the same rules. Ask whom your home page names.",
            "closed": closed,
            "href": reverse("partner:home") + "#ask",
            "verb": "Whom to ask",
        },
    ]


def _closed(request: HttpRequest) -> str:
    row = own(request)
    if not allows(row, Action.PORTAL_WRITE) or not open_environments(row):
        return f"Your organization is {row.state}: nothing can be registered now."
    return ""
