"""How a rule about one redirection URI is written: parse once, walk the list, name the position."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from registry.client_metadata import ClientMetadata
from registry.errors import InvalidRedirectUri
from registry.policy import uri
from registry.policy.context import Context
from registry.policy.rule import Check, Example, Objection, example, rule
from registry.policy.uri import Problem, Uri

Verdict = tuple[str, str] | None
UriCheck = Callable[[Uri, ClientMetadata, Context], Verdict]

WEB_SCHEMES = frozenset({"http", "https"})
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]"})
DEFAULT_PORTS = {"http": "80", "https": "443"}


def on(*uris: str, application_type: str = "web", **facts: object) -> Example:
    """An example whose request differs only in its redirection URIs."""
    return example(facts, redirect_uris=list(uris), application_type=application_type)


def native(*uris: str, **facts: object) -> Example:
    return on(*uris, application_type="native", **facts)


def redirect_rule(
    rule_id: str,
    *,
    title: str,
    source: str,
    accepts: tuple[str | Example, ...],
    refuses: tuple[str | Example, ...],
) -> Callable[[UriCheck], Check]:
    """Enter a rule about one redirection URI. U1.count and U1.length refuse those it does not walk over."""

    def enter(check: UriCheck) -> Check:
        def walk(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
            for member, parsed in judged(metadata, context):
                verdict = check(parsed, metadata, context)
                if verdict:
                    yield Objection(member, *verdict)

        walk.__doc__, walk.__name__ = check.__doc__, check.__name__
        return rule(
            rule_id,
            title=title,
            source=source,
            error=InvalidRedirectUri,
            accepts=tuple(_example(each) for each in accepts),
            refuses=tuple(_example(each) for each in refuses),
        )(walk)

    return enter


def _example(each: str | Example) -> Example:
    return on(each) if isinstance(each, str) else each


def judged(metadata: ClientMetadata, context: Context) -> tuple[tuple[str, Uri], ...]:
    limits = context.parameters
    return _judged(metadata.redirect_uris, limits.maximum_redirect_uris, limits.maximum_uri_characters)


@lru_cache(maxsize=8)  # two dozen rules walk over the same addresses one after another
def _judged(uris: tuple[str, ...], most: int, longest: int) -> tuple[tuple[str, Uri], ...]:
    return tuple(
        (f"redirect_uris[{index}]", uri.parse(text))
        for index, text in enumerate(uris[:most])
        if len(text) <= longest
    )


def is_loopback(parsed: Uri) -> bool:
    """A loopback address in its one accepted spelling, with plain http (RFC 8252 §7.3)."""
    return parsed.scheme == "http" and parsed.host in LOOPBACK_HOSTS


def is_localhost(parsed: Uri) -> bool:
    return parsed.scheme in WEB_SCHEMES and (parsed.host == "localhost" or parsed.host.endswith(".localhost"))


def is_private_use(parsed: Uri) -> bool:
    return parsed.scheme not in WEB_SCHEMES and Problem.SCHEME not in parsed.problems


def is_allowed_localhost(parsed: Uri, metadata: ClientMetadata, context: Context) -> bool:
    is_exact = parsed.scheme == "http" and parsed.host == "localhost"
    return is_exact and metadata.application_type == "native" and context.parameters.allow_localhost
