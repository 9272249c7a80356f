"""What all views of the API share: who acts, who reads, what was asked, and a page of rows."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from portal.api.pagination import Cursor
from portal.api.scopes import Scope
from registry import clock
from registry.actors import Actor, Viewer
from registry.tokens import LiveToken

Shape = type[BaseSerializer[Any]]


class Resource(APIView):
    """One address of the API. `scopes` names the scope of each verb that it has."""

    scopes: ClassVar[Mapping[str, Scope]]
    http_method_names = ["get", "head", "post", "patch", "delete"]

    @property
    def actor(self) -> Actor:
        return cast(Actor, self.request.user)

    @property
    def viewer(self) -> Viewer:
        """Services of the operator see every organization; the scope decided which resources."""
        return Viewer(None, None, scopes=cast(LiveToken, self.request.auth).scopes)

    @property
    def act(self) -> dict[str, Any]:
        """What every writer is told: who, and when."""
        return {"actor": self.actor, "now": clock.now()}

    def body(self, shape: Shape, **options: Any) -> dict[str, Any]:
        """The members of the request body. Raises DRF's ValidationError with one entry for each bad member."""
        return _checked(shape(data=self.request.data, **options))

    def guard(self, organization_id: UUID) -> None:
        """Raise RoleForbids if the view's permissions forbid this organization as a target."""
        self.check_object_permissions(self.request, organization_id)


class Listing(Resource):
    """An address that lists. `order` names one unique column that never changes."""

    order: ClassVar[str]
    pagination_class = Cursor

    def asked(self, shape: Shape) -> dict[str, Any]:
        """The filters of the query string, without those that steer the page. A repeated one is refused."""
        sent = dict(self.request.query_params.lists())
        repeated = {name: [ErrorDetail("", "repeated")] for name, values in sent.items() if len(values) > 1}
        if repeated:
            raise ValidationError(repeated)
        found = _checked(shape(data={name: values[0] for name, values in sent.items()}))
        return {name: value for name, value in found.items() if name not in {"cursor", "page_size"}}

    def page(self, rows: QuerySet[Any], shape: Shape) -> Response:
        paginator = self.pagination_class()
        paginator.ordering = self.order
        page = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(shape(page, many=True).data)


def _checked(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
