"""Pages by an opaque cursor: stable while rows come and go, and never a count of everything."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor as Place
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from registry.errors import MalformedRequest

MAX_PAGE = 200
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")


class Cursor(CursorPagination):
    """The toolkit's cursor, with the position inside it checked before it meets the database."""

    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self._column = queryset.model._meta.get_field(str(self.ordering).lstrip("-"))
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Place | None:
        """Raises MalformedRequest for a cursor that is not one of ours."""
        try:
            if not _BASE64.fullmatch(request.query_params.get(self.cursor_query_param, "A")):
                raise ValidationError("not base64")
            place = super().decode_cursor(request)
            if place is not None and place.position is not None:
                self._check(str(place.position))
        except (NotFound, ValidationError):
            raise MalformedRequest(
                "The cursor cannot be read.", fix="Begin again without a cursor."
            ) from None
        return place

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A page as OpenAPI 3.1 says it; the toolkit's own is of 3.0."""
        link = {"type": ["string", "null"], "format": "uri"}
        members = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(members), "properties": members}

    def _check(self, position: str) -> None:
        self._column.to_python(position)
        if "\x00" in position:
            raise ValidationError("NUL")
