"""The WSGI application that granian or gunicorn serves.

Machine endpoints run behind a short stack of middleware: no session, no CSRF token, no messages. Django has
one stack for each handler, so there are two handlers, and the path decides.
"""

import os
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string

django.setup(set_prefix=False)

from portal import errors, origin  # noqa: E402  (needs the settings)
from portal.config import bodies  # noqa: E402  (stands with the others)
from portal.config.admission import Admission, Kind, kind_of  # noqa: E402  (stands with the others)
from portal.metrics import instruments  # noqa: E402  (needs the settings)
from portal.paths import is_machine  # noqa: E402  (the same)


class MachineHandler(WSGIHandler):
    """Django with `MACHINE_MIDDLEWARE` alone: none of it has view or template hooks."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  # as Django has it
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = [errors.answer_exception]
        handler = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]  # not in the stubs
        for path in reversed(settings.MACHINE_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler


class ByPath:
    """Chooses the stack by the path; the lists of paths stand in the settings."""

    def __init__(self) -> None:
        self._machines, self._browsers = MachineHandler(), WSGIHandler()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        handler = self._machines if is_machine(environ.get("PATH_INFO", "")) else self._browsers
        return handler(environ, start_response)


class ByUrgency:
    """Reads requests whole, lets them in by their kind, and answers who has to come back without asking Django."""

    def __init__(self, inner: ByPath, admission: Admission) -> None:
        self._inner, self._admission = inner, admission

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        origin.settle(environ, settings.TRUSTED_PROXIES)
        if not bodies.take(environ, settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            return _not_whole(start_response)
        kind = kind_of(environ.get("PATH_INFO", ""))
        if kind is None:
            return self._inner(environ, start_response)
        if not self._admission.enter(kind):
            return _come_back(kind, start_response)
        try:
            return self._inner(environ, start_response)
        finally:
            self._admission.leave()


def _come_back(kind: Kind, start_response: Any) -> Iterable[bytes]:
    instruments.ADMISSIONS_REFUSED.labels(kind.name.lower()).inc()
    is_for_people = kind is Kind.PORTAL
    headers = [
        ("Content-Type", "text/plain; charset=utf-8" if is_for_people else "application/json"),
        ("Retry-After", "1"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response("503 Service Unavailable", headers)
    return [_BUSY_FOR_PEOPLE if is_for_people else _BUSY]


def _not_whole(start_response: Any) -> Iterable[bytes]:
    """For the log of a proxy: whoever sent half of a request is gone."""
    start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"The body ended before its announced length.\n"]


_BUSY = (
    b'{"error": "temporarily_unavailable", "error_description": "The server has enough to do. Ask again."}'
)
_BUSY_FOR_PEOPLE = b"The server has enough to do. Load the page again in a moment.\n"

application = ByUrgency(ByPath(), Admission(settings.WORK_SLOTS))
