"""Clients: read, suspend, reactivate, deregister."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.permissions import NotOneself
from portal.api.resource import Listing, Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import clients as shapes
from portal.api.shapes.base import Reason
from registry import lifecycle, queries


class Clients(Listing):
    scopes = {"GET": Scope.CLIENTS_READ}
    order = "-id"

    @documented("List clients", shapes.Client(many=True), filters=shapes.ClientFilters)
    def get(self, request: Request) -> Response:
        return self.page(
            queries.clients_found(self.viewer, **self.asked(shapes.ClientFilters)), shapes.Client
        )


class Client(Resource):
    scopes = {"GET": Scope.CLIENTS_READ}

    @documented("Read a client", shapes.Client, refuses=(404,))
    def get(self, request: Request, client_id: str) -> Response:
        return Response(shapes.Client(queries.client(self.viewer, client_id)).data)


class Acted(Resource):
    """One act on one client, with a reason. Suspending and deregistering are open against one's own kind."""

    scopes = {"POST": Scope.CLIENTS_WRITE}
    permission_classes = (NotOneself,)

    def target(self, client_id: str) -> queries.ClientRow:
        return queries.client(self.viewer, client_id)


class Suspend(Acted):
    @documented("Suspend a client", shapes.Client, reads=Reason, refuses=(404, 409))
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        changed = lifecycle.suspend_client(target.client_id, **said, **self.act)
        return Response(shapes.Client(changed).data)


class Reactivate(Acted):
    @documented("Reactivate a suspended client", shapes.Client, reads=Reason, refuses=(404, 409))
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        self.guard(target.organization_id)
        changed = lifecycle.reactivate_client(target.client_id, **said, **self.act)
        return Response(shapes.Client(changed).data)


class Deregister(Acted):
    @documented("End a client for good", shapes.Client, reads=Reason, refuses=(404, 409))
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        changed = lifecycle.deregister_client(target.client_id, **said, **self.act)
        return Response(shapes.Client(changed).data)
