"""Clients made by hand: register one under an exception, renew the exception, move the client to another route."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.schema import writing
from portal.api.scopes import Scope
from portal.api.shapes import clients as client_shapes
from portal.api.shapes import manual as shapes
from portal.api.shapes.base import Reason
from portal.api.views.clients import Acted
from portal.api.views.initial_access_tokens import NO_STORE
from portal.api.views.organizations import Guarded
from registry import queries
from registry.routes import manual
from registry.states import Environment


class ManualClients(Guarded):
    """Its answer holds credentials, so its scope is that of tokens. What waits for review is decided by people."""

    scopes = {"POST": Scope.TOKENS_WRITE}

    @writing(
        "Register a client by hand, under an exception that ends",
        shapes.RegisteredClient,
        reads=shapes.ManualRegistration,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.ManualRegistration)
        sponsor_id = queries.staff_id(self.viewer, said["sponsor"])
        exception = manual.ExceptionFacts(said["exception"], said["evidence"], sponsor_id, said["ends_at"])
        environment = Environment(said["environment"])
        with self.as_seen(target):
            made = manual.register_by_exception(
                target.pk, environment, said["metadata"], exception, **self.act
            )
        return Response(shapes.RegisteredClient(made).data, status=201, headers=NO_STORE)


class Renew(Acted):
    @writing(
        "Renew the exception of a client that was made by hand",
        client_shapes.Client,
        reads=shapes.Renewal,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(shapes.Renewal)
        self.guard(target.organization_id)
        with self.as_seen(target):
            changed = manual.renew_exception(target.client_id, **said, **self.act)
        return self.answer(changed)


class Move(Acted):
    """Its answer holds a credential, so its scope is that of tokens."""

    scopes = {"POST": Scope.TOKENS_WRITE}

    @writing(
        "Move a client that was made by hand to dynamic registration; it keeps its client_id",
        shapes.MovedClient,
        reads=Reason,
        refuses=(404,),
    )
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        self.guard(target.organization_id)
        with self.as_seen(target):
            changed, token = manual.move_to_dynamic(target.client_id, **said, **self.act)
        shown = {**client_shapes.Client(changed).data, "registration_access_token": token}
        return Response(shown, headers=NO_STORE)
