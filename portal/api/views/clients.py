"""Clients: read, suspend, reactivate, deregister."""

from contextlib import AbstractContextManager

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.permissions import NotOneself
from portal.api.resource import Listing, Resource
from portal.api.schema import documented, writing
from portal.api.scopes import Scope
from portal.api.shapes import clients as shapes
from portal.api.shapes.base import Reason
from registry import lifecycle, preconditions, queries


class Clients(Listing):
    scopes = {"GET": Scope.CLIENTS_READ}
    order = "-id"

    @documented("List clients", shapes.Client(many=True), filters=shapes.ClientFilters)
    def get(self, request: Request) -> Response:
        wanted = self.asked(shapes.ClientFilters)
        return self.page(queries.clients_listed(self.viewer, **wanted), shapes.Client)


class OfOne(Resource):
    """An address of one client."""

    def answer(self, row: queries.ClientRow) -> Response:
        return self.told(shapes.Client, row, preconditions.edition(row))


class Client(OfOne):
    scopes = {"GET": Scope.CLIENTS_READ}

    @documented("Read a client", shapes.Client, refuses=(404,), edition=True)
    def get(self, request: Request, client_id: str) -> Response:
        self.asked()
        return self.answer(queries.client(self.viewer, client_id))


class Acted(OfOne):
    """One act on one client, with a reason. Suspending and deregistering are open against one's own kind."""

    scopes = {"POST": Scope.CLIENTS_WRITE}
    permission_classes = (NotOneself,)

    def target(self, client_id: str) -> queries.ClientRow:
        return queries.client(self.viewer, client_id)

    def as_seen(self, target: queries.ClientRow) -> AbstractContextManager[None]:
        """The block changes the client as the caller saw it."""
        return preconditions.client_as_seen(target.client_id, self.seen)


class Suspend(Acted):
    stops = True

    @writing("Suspend a client", shapes.Client, reads=Reason, refuses=(404,), edition=True)
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        with self.as_seen(target):
            changed = lifecycle.suspend_client(target.client_id, **said, **self.act)
        return self.answer(changed)


class Reactivate(Acted):
    @writing("Reactivate a suspended client", shapes.Client, reads=Reason, refuses=(404,), edition=True)
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        self.guard(target.organization_id)
        with self.as_seen(target):
            changed = lifecycle.reactivate_client(target.client_id, **said, **self.act)
        return self.answer(changed)


class Deregister(Acted):
    @writing("End a client for good", shapes.Client, reads=Reason, refuses=(404,), edition=True)
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        with self.as_seen(target):
            changed = lifecycle.deregister_client(target.client_id, **said, **self.act)
        return self.answer(changed)
