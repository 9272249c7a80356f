"""Bodies are read whole before anything is decided about a request, and before it takes anybody's place.

Else who sends half a body would keep a place of `portal.config.admission`, and whoever was let in would act when the
rest came, however much had ended meanwhile: session, person, token. Django takes a body in chunks for empty, too.
"""

from io import BytesIO
from typing import Any

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_DROPPED_OCTETS = 1_048_576
_PART = 65_536


def take(environ: dict[str, Any], limit: int) -> bool:
    """Put the whole body into a WSGI environment; False when the connection ended before the body did.

    Of a body beyond `limit` only one octet more is kept, and whoever reads it finds it too large. Up to a MiB of the
    rest is read and dropped: who is still sending when we close does not hear the answer.
    """
    if environ.get("REQUEST_METHOD") in _WITHOUT_BODY:
        return True
    stream, announced = environ["wsgi.input"], _announced(environ)
    body = stream.read(limit + 1 if announced is None else min(announced, limit + 1))
    if len(body) > limit:
        _drop_rest(stream)
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    return announced is None or len(body) == min(announced, limit + 1)


def _announced(environ: dict[str, Any]) -> int | None:
    """The length that was sent, cut to what an integer holds; None for a body in chunks."""
    said = str(environ.get("CONTENT_LENGTH") or "")
    return int(said[:18]) if said.isdecimal() and said.isascii() else None


def _drop_rest(stream: Any) -> None:
    for _ in range(_DROPPED_OCTETS // _PART):
        if not stream.read(_PART):
            return
