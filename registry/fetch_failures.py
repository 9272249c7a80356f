"""Why nothing came back from a host of others: one class for each cause, raised by `registry.egress` alone."""


class FetchFailed(Exception):
    """Nothing usable came back. `found` and `fix` continue the name of the member that held the URL.

    is_transient  it may go better the next time; otherwise the other side, or its URL, has to change first
    """

    found = "cannot be fetched"
    fix = "Serve it over https at a public address."
    is_transient = False

    def __init__(self, found: str = "") -> None:
        self.found = found or self.found
        super().__init__(self.found)


class UrlForbidden(FetchFailed):
    """Not an https URL of a DNS name and a port that may be called."""

    found = "is not an https URL that may be fetched"
    fix = "Name an https URL with a DNS name, without user, fragment or unusual port."


class AddressForbidden(FetchFailed):
    """The name leads to an address that is not public."""

    found = "has a host with an address that is not public"
    fix = "Publish it at a public address."


class NameNotResolved(FetchFailed):
    """The name has no address, or nobody said so in time."""

    found = "has a host that cannot be resolved"
    fix = "Publish an address of the host in DNS."
    is_transient = True


class ConnectionFailed(FetchFailed):
    """No connection, or one that broke before the answer was whole."""

    found = "cannot be reached, or its answer ends early"
    fix = "Let the server answer to the end."
    is_transient = True


class CertificateRefused(ConnectionFailed):
    """TLS failed: most often, the certificate is not for this name or not by a known authority."""

    found = "is served without a certificate that is valid for its host"
    fix = "Serve a certificate of a public authority for this host, over TLS 1.2 or later."


class TooSlow(FetchFailed):
    """The answer was not whole in time, however the time was spent."""

    found = "is not answered in time"
    fix = "Let the server answer within a few seconds."
    is_transient = True


class TooLarge(FetchFailed):
    """Head or body have more octets than are read."""

    found = "is answered with more octets than are read"
    fix = "Make the document, or the head of its answer, smaller."


class Redirected(FetchFailed):
    """The answer names another address, which is not called."""

    found = "is answered with a redirect, which is not followed"
    fix = "Name the address at which the document itself is."


class WrongStatus(FetchFailed):
    """Any status but 200."""

    fix = "Answer with status 200 and the document."

    def __init__(self, status: int) -> None:
        super().__init__(f"is answered with status {status}")
        self.status = status
        self.is_transient = status >= 500 or status in {408, 425, 429}


class WrongMediaType(FetchFailed):
    """The body is of another type than was asked for, or is compressed."""

    found = "is answered with another media type than its document has"
    fix = "Send the document uncompressed, with the Content-Type of its format."
