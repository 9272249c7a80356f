"""What every answer of a machine endpoint has to be, whatever was asked."""

import re

from tests.live import Answer

SAFE = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6749 §5.2


def error(answer: Answer) -> tuple[int, str]:
    """Status and code of a sound OAuth error: JSON, not stored, described in the allowed characters."""
    assert answer.headers["Content-Type"] == "application/json", answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"error", "error_description"}
    assert SAFE.fullmatch(told["error"])
    assert SAFE.fullmatch(told["error_description"]), told
    assert ("WWW-Authenticate" in answer.headers) == (answer.status == 401)
    return answer.status, told["error"]
