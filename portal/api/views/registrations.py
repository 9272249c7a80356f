"""Registrations: read, approve, reject."""

from contextlib import AbstractContextManager
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.permissions import NotOneself
from portal.api.resource import Listing, Resource
from portal.api.schema import documented, writing
from portal.api.scopes import Scope
from portal.api.shapes import registrations as shapes
from portal.api.shapes.base import OptionalReason, Reason
from registry import decisions, preconditions, queries


class Registrations(Listing):
    scopes = {"GET": Scope.REGISTRATIONS_READ}
    order = "-id"

    @documented("List registrations", shapes.Registration(many=True), filters=shapes.RegistrationFilters)
    def get(self, request: Request) -> Response:
        wanted = self.asked(shapes.RegistrationFilters)
        return self.page(queries.registrations_found(self.viewer, **wanted), shapes.Registration)


class OfOne(Resource):
    """An address of one registration."""

    def answer(self, registration_id: UUID) -> Response:
        row = queries.registration(self.viewer, registration_id)
        return self.told(shapes.Registration, row, preconditions.edition_of_registration(row, row.client))

    def as_seen(self, target: queries.RegistrationRow) -> AbstractContextManager[None]:
        """The block decides on what the caller saw: the same metadata, at the same stage."""
        return preconditions.registration_as_seen(target, self.seen)


class Registration(OfOne):
    scopes = {"GET": Scope.REGISTRATIONS_READ}

    @documented("Read a registration", shapes.Registration, refuses=(404,), edition=True)
    def get(self, request: Request, registration_id: UUID) -> Response:
        self.asked()
        return self.answer(registration_id)


class Approve(OfOne):
    """A service cannot approve a service: those registrations wait for people."""

    scopes = {"POST": Scope.REGISTRATIONS_WRITE}
    permission_classes = (NotOneself,)

    @writing(
        "Approve a registration, or second it under four eyes",
        shapes.Registration,
        reads=OptionalReason,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, registration_id: UUID) -> Response:
        target, said = queries.registration(self.viewer, registration_id), self.body(OptionalReason)
        self.guard(target.organization_id)
        with self.as_seen(target):
            decisions.approve(registration_id, **said, **self.act)
        return self.answer(registration_id)


class Reject(OfOne):
    scopes = {"POST": Scope.REGISTRATIONS_WRITE}

    @writing("Reject a registration", shapes.Registration, reads=Reason, refuses=(404,), edition=True)
    def post(self, request: Request, registration_id: UUID) -> Response:
        target, said = queries.registration(self.viewer, registration_id), self.body(Reason)
        with self.as_seen(target):
            decisions.reject(registration_id, **said, **self.act)
        return self.answer(registration_id)


class Undo(OfOne):
    scopes = {"POST": Scope.REGISTRATIONS_WRITE}

    @writing(
        "Take back a change that applied at once",
        shapes.Registration,
        reads=Reason,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, registration_id: UUID) -> Response:
        target, said = queries.registration(self.viewer, registration_id), self.body(Reason)
        with self.as_seen(target):
            decisions.undo(registration_id, **said, **self.act)
        return self.answer(registration_id)
