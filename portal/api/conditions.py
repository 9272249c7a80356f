"""Entity tags of the API (RFC 9110 §8.8.3, §13.1.1): a tag names the edition of what may be edited.

Not the octets of an answer: counts and last uses change without it, and `fields` makes other octets of one edition.
Nothing here is cached, so no tag is ever compared for that.
"""

import re

from rest_framework.request import Request

from registry.errors import MalformedRequest, PreconditionRequired

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LIST = re.compile(rf"(?:{_TAG.pattern})(?:[ \t]*,[ \t]*(?:{_TAG.pattern}))*")


def entity_tag(edition: str) -> str:
    return f'"{edition}"'


def seen(request: Request) -> frozenset[str] | None:
    """The editions that If-Match names; None without one, or for `*`. Weak tags match nothing (§13.1.1)."""
    header = request.META.get("HTTP_IF_MATCH", "*").strip()
    if header == "*":
        return None
    if not _LIST.fullmatch(header):
        raise MalformedRequest("If-Match is not a list of entity tags.", fix='Send it as in "3".')
    return frozenset(edition for weak, edition in _TAG.findall(header) if not weak)


def seen_at_all(request: Request) -> frozenset[str]:
    """The same where nothing is done without it. Raises PreconditionRequired (RFC 6585 §3)."""
    editions = seen(request)
    if editions is None:
        raise PreconditionRequired(
            "This act is final, and the request does not say which edition was seen.",
            fix="Read the organization, then send its ETag as If-Match.",
        )
    return editions
