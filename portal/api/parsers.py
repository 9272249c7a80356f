"""Request bodies: one JSON object, read as strictly as a registration request."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from registry import strict_json

MAX_OCTETS = 65_536
MAX_DEPTH = 8


class StrictJSONParser(BaseParser):
    """Refuses duplicate members, NUL, lone surrogates, deep nesting and numbers of a thousand digits."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, strict_json.Json]:
        """The members of the object. Raises UnsupportedMediaType, RequestTooLarge or MalformedRequest."""
        strict_json.require_media_type(media_type)
        return strict_json.read(stream.read(MAX_OCTETS + 1), max_bytes=MAX_OCTETS, max_depth=MAX_DEPTH)
