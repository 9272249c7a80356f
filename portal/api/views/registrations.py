"""Registrations: read, approve, reject."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.permissions import NotOneself
from portal.api.resource import Listing, Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import registrations as shapes
from portal.api.shapes.base import OptionalReason, Reason
from registry import queries, registration


class Registrations(Listing):
    scopes = {"GET": Scope.REGISTRATIONS_READ}
    order = "-id"

    @documented("List registrations", shapes.Registration(many=True), filters=shapes.RegistrationFilters)
    def get(self, request: Request) -> Response:
        wanted = self.asked(shapes.RegistrationFilters)
        return self.page(queries.registrations_found(self.viewer, **wanted), shapes.Registration)


class Registration(Resource):
    scopes = {"GET": Scope.REGISTRATIONS_READ}

    @documented("Read a registration", shapes.Registration, refuses=(404,))
    def get(self, request: Request, registration_id: UUID) -> Response:
        return _answer(self, registration_id)


class Approve(Resource):
    """A service cannot approve a service: those registrations wait for people."""

    scopes = {"POST": Scope.REGISTRATIONS_WRITE}
    permission_classes = (NotOneself,)

    @documented(
        "Approve a registration, or second it under four eyes",
        shapes.Registration,
        reads=OptionalReason,
        refuses=(404, 409),
    )
    def post(self, request: Request, registration_id: UUID) -> Response:
        target, said = queries.registration(self.viewer, registration_id), self.body(OptionalReason)
        self.guard(target.organization_id)
        registration.approve(registration_id, **said, **self.act)
        return _answer(self, registration_id)


class Reject(Resource):
    scopes = {"POST": Scope.REGISTRATIONS_WRITE}

    @documented("Reject a registration", shapes.Registration, reads=Reason, refuses=(404, 409))
    def post(self, request: Request, registration_id: UUID) -> Response:
        queries.registration(self.viewer, registration_id)
        registration.reject(registration_id, **self.body(Reason), **self.act)
        return _answer(self, registration_id)


def _answer(view: Resource, registration_id: UUID) -> Response:
    return Response(shapes.Registration(queries.registration(view.viewer, registration_id)).data)
