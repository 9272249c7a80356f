"""A lost registration access token: the admin finds the client and issues another (no ticket, no support)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import acts, client_page
from portal.authn import actor_of, viewer_of
from portal.partner.forms import ReasonForm
from portal.partner.guard import writers
from portal.permissions import Act, requires
from registry import client_credentials, clock, queries, registration
from registry.queries import ClientRow


@requires(Act.ISSUE_OWN_CREDENTIAL)
@writers
@acts.with_fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: HttpRequest, client_id: str) -> HttpResponse:
    """Issue a registration access token in place of all that the client has; shown on the answer alone."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, ReasonForm)
    if request.method != "POST" or not form.is_valid():
        return _page(request, row, form)
    try:
        value = client_credentials.reissue_registration_access_token(
            row.client_id, actor=actor_of(request), reason=form.cleaned_data["reason"], now=clock.now()
        )
    except acts.TELLABLE as refusal:
        return acts.refused(form, refusal, lambda: _page(request, row, form))
    return _shown_once(request, row, value)


def _page(request: HttpRequest, row: ClientRow, form: ReasonForm) -> HttpResponse:
    context = {
        "client": client_page.facts(row),
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "consequences": {
            "first_heading": "What becomes possible",
            "first": [{"lead": "Managing the client", "text": "by RFC 7592, with the new token."}],
            "second_heading": "What ends at once",
            "second": [{"lead": "Every earlier token", "text": "of this kind, wherever it is."}],
        },
    }
    return render(request, "partner/clients/reissue.html", context)


def _shown_once(request: HttpRequest, row: ClientRow, value: str) -> HttpResponse:
    context = {
        "what": "registration access token",
        "value": value,
        "used_at": registration.configuration_address(row.client_id),
        "lede": "Give it to whoever manages the client. Earlier ones work no more.",
        "facts": [("Client", row.client_id), ("Environment", row.environment)],
        "back": reverse("partner:client", args=[row.client_id]),
    }
    return render(request, "partner/secret_once.html", context)
