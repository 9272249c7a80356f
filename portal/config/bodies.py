"""Bodies that come without a length (in chunks, RFC 9112 §7.1): read here, because Django takes them for empty."""

from io import BytesIO
from typing import Any

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_DROPPED_OCTETS = 1_048_576
_PART = 65_536


def measure(environ: dict[str, Any], limit: int) -> None:
    """Give a request without `Content-Length` the length of its body, so that it is judged like any other.

    Of a body beyond `limit` only one octet more is kept, and whoever reads it finds it too large. Up to a MiB of the
    rest is read and dropped: who is still sending when we close does not hear the answer.
    """
    if environ.get("CONTENT_LENGTH") or environ.get("REQUEST_METHOD") in _WITHOUT_BODY:
        return
    stream = environ["wsgi.input"]
    body = stream.read(limit + 1)
    if len(body) > limit:
        for _ in range(_DROPPED_OCTETS // _PART):
            if not stream.read(_PART):
                break
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
