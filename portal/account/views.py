"""One's own account: home, colours, an invitation; the rest is allauth's."""

from typing import Any

from allauth.mfa.totp import views as totp
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal import authn
from portal.account.forms import PasswordForm
from portal.shell import ROLE_WORDS, THEMES
from registry import clock, people, queries
from registry.errors import Conflict, NotFound
from registry.roles import STAFF_ROLES, Role

_YEAR_SECONDS = 31_536_000
activate_totp = csp_update({"img-src": ["data:"]})(totp.activate_totp)


def home(request: HttpRequest) -> HttpResponse:
    """Everybody's way in."""
    return HttpResponseRedirect(authn.home_of(request) if request.user.is_authenticated else "/sign-in/")


def no_sign_up(request: HttpRequest) -> HttpResponse:
    """Nobody signs up: people come by invitation, and the operator keeps their addresses."""
    raise Http404


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep colours and keys in cookies; nothing else is stored."""
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None, require_https=True)
    response = HttpResponseRedirect(target if safe else "/", status=303)
    for name, values in (("theme", THEMES | {"system"}), ("keys", {"on", "off"})):
        value = request.POST.get(name, "")
        if value in values:
            response.set_cookie(
                name, value, max_age=_YEAR_SECONDS, secure=True, httponly=True, samesite="Lax"
            )
    return response


def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invited person chooses a password; the link works once."""
    try:
        invited = people.find_invitation(token, clock.now())
        sent = request.POST if request.method == "POST" else None
        form = PasswordForm(sent, person=people.person_to_be(invited, clock.now()))
        if form.is_valid():
            _accept(request, token, form)
            return HttpResponseRedirect("/sign-in/", status=303)
    except (NotFound, Conflict):
        return render(request, "invitations/closed.html", status=404)
    return render(request, "invitations/accept.html", {"form": form, "invitation": _shown(invited)})


def _accept(request: HttpRequest, token: str, form: PasswordForm) -> None:
    people.accept_invitation(
        token,
        password=form.cleaned_data["password1"],
        operator_id=queries.operator_id(),
        request_id=authn.request_id(request),
        now=clock.now(),
    )


def _shown(invited: Any) -> dict[str, object]:
    return {
        "email": invited.email,
        "organization_name": invited.organization.display_name if invited.organization else None,
        "role_word": ROLE_WORDS[Role(invited.role)],
        "inviter_name": invited.inviter_name,
        "expires_at": invited.expires_at,
        "is_staff": Role(invited.role) in STAFF_ROLES,
    }
