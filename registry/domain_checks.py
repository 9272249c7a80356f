"""Whether a domain shows what its organization was asked to publish: looked up now, decided elsewhere."""

from collections.abc import Callable

from registry import egress, name_servers
from registry.domain_signs import Sign
from registry.egress import Limits
from registry.fetch_failures import FetchFailed
from registry.models import DomainProof

TEXT = "text/plain"

_FILE = Limits(body_octets=4096)


class SignMissing(Exception):
    """It is not there. `is_transient` when nobody could say: then it may be there all the same."""

    def __init__(self, found: str, *, is_transient: bool) -> None:
        super().__init__(found)
        self.found = found
        self.is_transient = is_transient


Look = Callable[[str, Sign], None]


def look(method: str, sign: Sign) -> None:
    """Raises SignMissing. Waits for others: never called while a row is locked."""
    if method == DomainProof.DNS_TXT:
        _look_in_dns(sign)
    else:
        _look_in_file(sign)


def _look_in_dns(sign: Sign) -> None:
    try:
        texts = name_servers.texts(sign.record_name, sign.domain)
    except name_servers.NoServers as cause:
        raise SignMissing("the domain has no name server that can be asked", is_transient=False) from cause
    except name_servers.NoAgreement as cause:
        raise SignMissing(str(cause), is_transient=True) from cause
    if sign.text not in texts:
        found = "other records, not this one" if texts else "no TXT record"
        raise SignMissing(f"{sign.record_name} has {found}", is_transient=False)


def _look_in_file(sign: Sign) -> None:
    try:
        fetched = egress.get(sign.file_url, media_types={TEXT}, limits=_FILE)
    except FetchFailed as failure:
        raise SignMissing(f"{sign.file_url} {failure.found}", is_transient=failure.is_transient) from failure
    lines = fetched.body.decode("ascii", "replace").splitlines()
    if sign.text not in {line.strip() for line in lines}:
        raise SignMissing(f"{sign.file_url} does not hold the text", is_transient=False)
