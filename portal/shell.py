"""What every page's frame shows: who is signed in, where, in which colours."""

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal import authn
from portal.permissions import Act, may
from registry import clock, issuance, queries
from registry.roles import PARTNER_ROLES, STAFF_ROLES, Role

ROLE_WORDS = {
    Role.PARTNER_MANAGER: "Partner manager",
    Role.APPROVER: "Approver",
    Role.SECURITY_OFFICER: "Security officer",
    Role.AUDITOR: "Auditor, read only",
    Role.ADMINISTRATOR: "Administrator",
    Role.ORGANIZATION_ADMIN: "Organization admin",
    Role.ORGANIZATION_DEVELOPER: "Developer",
    Role.ORGANIZATION_READER: "Reader",
    Role.END_USER: "",
}
IS_PRODUCTION = settings.REGISTRY.deployment == "production"
THEMES = frozenset({"light", "dark"})


def context(request: HttpRequest) -> dict[str, Any]:
    """The context processor behind `shell` (its members are described in staff/base.html)."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    signed_in = bool(getattr(request, "user", None) and request.user.is_authenticated)
    theme = request.COOKIES.get("theme", "")
    return {
        "operator_name": "Concordat",
        "issuer": settings.REGISTRY.issuer,
        "theme": theme if theme in THEMES else "",
        "keys_enabled": signed_in and request.COOKIES.get("keys") != "off",
        "environment_kind": "production" if IS_PRODUCTION else "sandbox",
        "environment_word": "Production" if IS_PRODUCTION else "Demo",
        "request_id": authn.request_id(request),
        "now": clock.now(),
        "path": request.get_full_path(),
        "help_address": "",
        "home_url": "/",
        "base_template": "base.html",
        **(_person(request) if signed_in else {}),
    }


def _person(request: HttpRequest) -> dict[str, Any]:
    user, role = cast(Any, request.user), authn.role_of(request)
    is_staff = role in STAFF_ROLES
    base = "staff/base.html" if is_staff else "partner/base.html" if role in PARTNER_ROLES else "base.html"
    return {
        "person_name": str(user),
        "role_word": ROLE_WORDS[cast(Role, role)],
        "read_only": role == Role.AUDITOR,
        "home_url": authn.home_of(request),
        "base_template": base,
        "organization": user.organization if role in PARTNER_ROLES else None,
        "issuing_stopped": issuance.stopped(),
        "reads_everything": may(request, Act.READ),
        "may_see_people": may(request, Act.READ_STAFF),
        "queue_count": queries.cases_waiting(authn.viewer_of(request)) if is_staff else None,
    }
