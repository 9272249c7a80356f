"""Bulk reads: many known things by one request. They only read, so they need no more than the scope of reading."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import lookups as shapes
from registry import queries


class Organizations(Resource):
    scopes = {"POST": Scope.ORGANIZATIONS_READ}

    @documented(
        "Read up to 200 organizations by their slugs",
        shapes.OrganizationsFound,
        reads=shapes.OrganizationsWanted,
    )
    def post(self, request: Request) -> Response:
        wanted = self.body(shapes.OrganizationsWanted)["slugs"]
        found = queries.organizations_named(self.viewer, wanted)
        return Response(shapes.OrganizationsFound(shapes.Found(found, wanted)).data)


class Clients(Resource):
    scopes = {"POST": Scope.CLIENTS_READ}

    @documented("Read up to 200 clients by their client_ids", shapes.ClientsFound, reads=shapes.ClientsWanted)
    def post(self, request: Request) -> Response:
        wanted = self.body(shapes.ClientsWanted)["client_ids"]
        found = queries.clients_named(self.viewer, wanted)
        return Response(shapes.ClientsFound(shapes.Found(found, wanted)).data)
