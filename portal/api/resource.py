"""What all views of the API share: who acts, who reads, what was asked and seen, and a page of rows."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from portal.api import conditions, rates
from portal.api.pagination import Cursor
from portal.api.scopes import Scope
from portal.api.shapes.base import Unasked
from portal.errors import ration_headers
from registry import clock
from registry.actors import Actor, Viewer
from registry.tokens import LiveToken

Shape = type[Serializer[Any]]
FIELDS = "fields"


class Resource(APIView):
    """One address of the API. `scopes` names the scope of each verb that it has.

    stops  what it does is to stop something: it has an allowance of its own
    """

    scopes: ClassVar[Mapping[str, Scope]]
    stops: ClassVar[bool] = False
    http_method_names = ["get", "head", "post", "patch", "delete"]
    headers: dict[str, str]  # of every answer; made by the framework for each request

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

    @property
    def seen(self) -> frozenset[str] | None:
        """The editions that the caller says it saw; None when it does not say."""
        return conditions.seen(self.request)

    def perform_authentication(self, request: Request) -> None:
        """Whoever is known spends one request, whatever comes of it. Raises RateExceeded."""
        super().perform_authentication(request)
        if request.auth is not None:
            spent = rates.spend(cast(Actor, request.user), stops=self.stops)
            self.headers |= ration_headers(spent)

    def body(self, shape: Shape, **options: Any) -> dict[str, Any]:
        """The members of the request body. Raises DRF's ValidationError with one entry for each bad member."""
        return _checked(shape(data=self.request.data, **options))

    def asked(self, shape: Shape = Unasked) -> dict[str, Any]:
        """What the query string asks, without what steers the answer. A repeated parameter is refused."""
        sent = dict(self.request.query_params.lists())
        sent.pop(FIELDS, None)
        repeated = {name: [ErrorDetail("", "repeated")] for name, values in sent.items() if len(values) > 1}
        if repeated:
            raise ValidationError(repeated)
        found = _checked(shape(data={name: values[0] for name, values in sent.items()}))
        return {name: value for name, value in found.items() if name not in {"cursor", "page_size"}}

    def shown(self, shape: Shape, rows: Any, *, many: bool = False) -> Any:
        """What is told of a row, or of each row: all of it, or the `fields` that a reader asks for."""
        serializer = shape(rows, many=many)
        if self.request.method in {"GET", "HEAD"} and FIELDS in self.request.query_params:
            one = serializer.child if many else serializer  # type: ignore[attr-defined]  # many makes a list of it
            for name in set(one.fields) - _fields(self.request.query_params.getlist(FIELDS), one.fields):
                one.fields.pop(name)
        return serializer.data

    def told(self, shape: Shape, row: Any, edition: str = "", **options: Any) -> Response:
        """A row as an answer, with the entity tag of its edition."""
        tag = {"ETag": conditions.entity_tag(edition)} if edition else {}
        return Response(self.shown(shape, row), headers=tag | options.pop("headers", {}), **options)

    def guard(self, organization_id: UUID) -> None:
        """Raise RoleForbids if the view's permissions forbid this organization as a target."""
        self.check_object_permissions(self.request, organization_id)


class Listing(Resource):
    """An address that lists. `order` names one unique column that never changes."""

    order: ClassVar[str]
    pagination_class = Cursor

    def page(self, rows: QuerySet[Any], shape: Shape) -> Response:
        paginator = self.pagination_class()
        paginator.ordering = self.order
        page = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(self.shown(shape, page, many=True))


def _fields(asked: Sequence[str], known: Mapping[str, Any]) -> set[str]:
    """Names of members, in one parameter each or separated by commas.

    Raises ValidationError for one that there is not, or that is asked for twice.
    """
    listed = ",".join(asked).split(",")
    names = set(listed)
    if names - set(known):
        raise ValidationError({FIELDS: [ErrorDetail("", "invalid_choice")]})
    if len(listed) != len(names):
        raise ValidationError({FIELDS: [ErrorDetail("", "repeated")]})
    return names


def _checked(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
