"""Initial access tokens of one organization: issue, list, revoke."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Listing
from portal.api.schema import documented, writing
from portal.api.scopes import Scope
from portal.api.shapes import initial_access_tokens as shapes
from portal.api.shapes.base import Paged, Reason
from portal.api.views.organizations import Guarded
from registry import credentials, queries
from registry.credentials import Ceiling
from registry.states import Environment

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class InitialAccessTokens(Listing, Guarded):
    scopes = {"GET": Scope.TOKENS_READ, "POST": Scope.TOKENS_WRITE}
    order = "-created_at"

    @documented(
        "List the initial access tokens of an organization",
        shapes.InitialAccessToken(many=True),
        filters=Paged,
        refuses=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        self.asked(Paged)
        found = queries.initial_access_tokens(self.viewer, slug).select_related("organization")
        return self.page(found, shapes.InitialAccessToken)

    @writing(
        "Issue an initial access token; its value is in this answer alone",
        shapes.IssuedToken,
        reads=shapes.TokenRequest,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, limits = self.target(slug), self.body(shapes.TokenRequest)
        environment = Environment(limits.pop("environment"))
        with self.as_seen(target):
            minted = credentials.issue_initial_access_token(
                target.pk, environment, Ceiling(**limits), **self.act
            )
        shown = {**shapes.InitialAccessToken(minted.row).data, "value": minted.value}
        return Response(shown, status=201, headers=NO_STORE)


class InitialAccessToken(Guarded):
    scopes = {"GET": Scope.TOKENS_READ, "DELETE": Scope.TOKENS_WRITE}

    @documented("Read an initial access token", shapes.InitialAccessToken, refuses=(404,))
    def get(self, request: Request, slug: str, token_id: UUID) -> Response:
        self.asked()
        found = queries.initial_access_token(self.viewer, slug, token_id)
        return self.told(shapes.InitialAccessToken, found)

    @writing("Revoke an initial access token", shapes.InitialAccessToken, refuses=(404,))
    def delete(self, request: Request, slug: str, token_id: UUID) -> Response:
        return _revoke(self, slug, token_id, "revoked by a service")


class Revoke(Guarded):
    scopes = {"POST": Scope.TOKENS_WRITE}

    @writing(
        "Revoke an initial access token for a reason",
        shapes.InitialAccessToken,
        reads=Reason,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str, token_id: UUID) -> Response:
        return _revoke(self, slug, token_id, self.body(Reason)["reason"])


def _revoke(view: Guarded, slug: str, token_id: UUID, reason: str) -> Response:
    holder = queries.organization(view.viewer, slug)
    with view.as_seen(holder):
        row = credentials.revoke_initial_access_token(
            token_id, organization_id=holder.pk, reason=reason, **view.act
        )
    return view.told(shapes.InitialAccessToken, row)
