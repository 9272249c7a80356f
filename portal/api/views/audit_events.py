"""Audit events: read only; nothing here could write one."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Listing, Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import audit_events as shapes
from registry import queries


class AuditEvents(Listing):
    scopes = {"GET": Scope.AUDIT_READ}
    order = "-id"

    @documented(
        "List audit events, newest first", shapes.AuditEvent(many=True), filters=shapes.AuditEventFilters
    )
    def get(self, request: Request) -> Response:
        wanted = self.asked(shapes.AuditEventFilters)
        return self.page(queries.events_about(self.viewer, **wanted), shapes.AuditEvent)


class AuditEvent(Resource):
    scopes = {"GET": Scope.AUDIT_READ}

    @documented("Read an audit event", shapes.AuditEvent, refuses=(404,))
    def get(self, request: Request, event_id: UUID) -> Response:
        self.asked()
        return self.told(shapes.AuditEvent, queries.event(self.viewer, event_id))
