"""What a caller may do: the scope that the view names for the verb, and never to its own organization."""

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from registry.actors import Actor
from registry.errors import CredentialMissing, InsufficientScope, RoleForbids
from registry.tokens import LiveToken


class ScopeReaches(BasePermission):
    """The token reaches the verb; a verb that the view does not have is left to be answered 405.

    A view without `scopes`, or with a verb that it gave no scope, fails: it is never open by omission.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        token = cast(LiveToken | None, request.auth)
        if token is None:
            raise CredentialMissing("No access token is presented.", fix="Send Authorization: Bearer.")
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.allowed_methods:
            return True
        scope = view.scopes[method]
        if scope not in token.scopes:
            raise InsufficientScope(scope)
        return True


class NotOneself(ScopeReaches):
    """Guards acts by which a service could make, free or promote services: those are for people.

    Without this, `tokens:write` would be enough to register a second service and be its own second pair of eyes.
    """

    def has_object_permission(self, request: Request, view: Any, organization_id: Any) -> bool:
        if organization_id == cast(Actor, request.user).organization_id:
            raise RoleForbids(
                "A service cannot do this to the operator's own organization.",
                fix="Let a person do it in the portal.",
            )
        return True
