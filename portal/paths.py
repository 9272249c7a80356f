"""Which paths belong to machines: they run behind the short stack and are answered in JSON."""

from django.conf import settings


def is_machine(path: str) -> bool:
    """True for protocol endpoints, health and the API; everything else is for browsers."""
    return path in settings.MACHINE_PATHS or path.startswith(settings.MACHINE_PREFIXES)


def is_api(path: str) -> bool:
    """True for our own API, whose errors are problem details."""
    return path.startswith("/api/")
