"""The one parser of URIs that policy judges by: RFC 3986, strict, and it never raises.

Text is split as RFC 3986 Appendix B splits it, then each component is held against Appendix A. What does not
fit is a `Problem`; a URI with a problem is never accepted, so no second parser gets to disagree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import idna

_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:@]|%[0-9A-Fa-f]{{2}})"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_PATH = re.compile(rf"(?:{_PCHAR}|/)*+")
_QUERY = re.compile(rf"(?:{_PCHAR}|[/?])*+")
_USERINFO = re.compile(rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:]|%[0-9A-Fa-f]{{2}})*+")
_REG_NAME = re.compile(rf"(?:[{_UNRESERVED}{_SUB_DELIMS}]|%[0-9A-Fa-f]{{2}})*+")
_PORT = re.compile(r"[0-9]*")
_IP_LITERAL = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_HOST_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", re.DOTALL)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_IPV4_LAST_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")

# C0 and C1 controls, space, DEL, and what Unicode calls a space or a line end.
_BLANK = re.compile("[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]")
_STRIPPED_BY_BROWSERS = re.compile("[\x00-\x20\x7f-\xa0]")
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")

MAX_HOST_CHARACTERS = 253


class Problem(StrEnum):
    """Why a text does not follow the grammar. The value is worded to continue `redirect_uris[0] …`."""

    BLANK = "contains a space or a control character"
    BACKSLASH = "contains a backslash"
    NON_ASCII = "contains a character outside ASCII"
    SCHEME = "has no scheme, or one that is not well formed"
    AUTHORITY = "has an authority that is not well formed"
    PORT = "has a port that is not a number"
    PATH = "has a character in its path that a URI must percent-encode"
    QUERY = "has a character in its query or fragment that a URI must percent-encode"


@dataclass(frozen=True, slots=True)
class Uri:
    """The components as they were written; None where the delimiter is absent.

    scheme    lower case, "" when absent
    authority everything between `//` and the path
    host      lower case, brackets included; "" when absent or empty
    port      digits as written, "" for a bare colon
    """

    text: str
    scheme: str
    authority: str | None
    userinfo: str | None
    host: str
    port: str | None
    path: str
    query: str | None
    fragment: str | None
    problems: tuple[Problem, ...]

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def has_encoded_control(self) -> bool:
        return bool(_ENCODED_CONTROL.search(self.text))


@lru_cache(maxsize=256)
def parse(text: str) -> Uri:
    """Split `text` and note every way in which it is not a URI. Linear in its length."""
    scheme, authority, path, query, fragment = _split(text)
    userinfo, host, port = _authority(authority)
    return Uri(
        text=text,
        scheme=scheme.lower(),
        authority=authority,
        userinfo=userinfo,
        host=host.lower(),
        port=port,
        path=path,
        query=query,
        fragment=fragment,
        problems=tuple(_problems(text, scheme, authority, path, query, fragment)),
    )


def _split(text: str) -> tuple[str, str | None, str, str | None, str | None]:
    """Scheme, authority, path, query, fragment: the expression of Appendix B, spelled out."""
    rest, mark, fragment = text.partition("#")
    rest, question, query = rest.partition("?")
    scheme, colon, tail = rest.partition(":")
    if not (colon and scheme and "/" not in scheme):
        scheme, tail = "", rest
    authority, path = None, tail
    if tail.startswith("//"):
        authority, slash, path = tail[2:].partition("/")
        path = slash + path
    return scheme, authority, path, query if question else None, fragment if mark else None


def _authority(authority: str | None) -> tuple[str | None, str, str | None]:
    """Userinfo, host and port. The last `@` ends the userinfo, so nothing before it passes for a host."""
    if authority is None:
        return None, "", None
    before, mark, rest = authority.rpartition("@")
    match = _HOST_PORT.fullmatch(rest)
    host, port = match.groups() if match else (rest, None)
    return (before if mark else None), host, port


def _problems(
    text: str, scheme: str, authority: str | None, path: str, query: str | None, fragment: str | None
) -> Iterator[Problem]:
    userinfo, host, port = _authority(authority)
    held = {
        Problem.BLANK: not _BLANK.search(text),
        Problem.BACKSLASH: "\\" not in text,
        Problem.NON_ASCII: text.isascii(),
        Problem.SCHEME: bool(_SCHEME.fullmatch(scheme)),
        Problem.AUTHORITY: _fits(_USERINFO, userinfo)
        and (_fits(_IP_LITERAL, host) or _fits(_REG_NAME, host)),
        Problem.PORT: _fits(_PORT, port),
        Problem.PATH: _fits(_PATH, path),
        Problem.QUERY: _fits(_QUERY, query) and _fits(_QUERY, fragment),
    }
    return (problem for problem, is_held in held.items() if not is_held)


def _fits(pattern: re.Pattern[str], component: str | None) -> bool:
    """Whether the component fits once what the first three problems name is taken out of it."""
    plain = _BLANK.sub("", component or "").replace("\\", "").encode("ascii", "ignore").decode()
    return bool(pattern.fullmatch(plain))


def is_number(port: str) -> bool:
    """Whether a port is of digits alone, or empty (RFC 3986 §3.2.3). What else stands there is a problem of its own."""
    return bool(_PORT.fullmatch(port))


def is_dns_name(host: str) -> bool:
    """Whether `host` (lower case) is a DNS name in A-labels: letters, digits and hyphens, no trailing dot.

    A last label of digits is an address in disguise (`127.1`, `2130706433`), never a name.
    Each `xn--` label has to be what IDNA 2008 would have produced (RFC 5890 §2.3.2.1).
    """
    labels = host.split(".")
    if len(host) > MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if _IPV4_LAST_LABEL.fullmatch(labels[-1]):
        return False
    return all(_is_a_label(label) for label in labels if label.startswith("xn--"))


def _is_a_label(label: str) -> bool:
    try:
        return idna.alabel(idna.ulabel(label)).decode() == label
    except (idna.IDNAError, UnicodeError):
        return False


def a_label(host: str) -> str | None:
    """The ASCII form of a host, lower case; None when it has none (RFC 5891 §4)."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host[:MAX_HOST_CHARACTERS], uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None


def bare_scheme(text: str) -> str:
    """The scheme a browser would see: what stands before the first colon, folded, with blanks taken out."""
    return _STRIPPED_BY_BROWSERS.sub("", text.partition(":")[0]).casefold()
