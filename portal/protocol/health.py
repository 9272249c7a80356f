"""Health: alive means the process answers; ready means PostgreSQL answers too.

What else has stopped makes it degraded, which is told and measured but takes no web process out of service: none of
it is needed to answer a request.
"""

from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse

from portal.failures import RETRY_AFTER_SECONDS
from portal.protocol import requests
from registry import clock, heartbeat, queries, transparency


@requests.only("GET", "HEAD")
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "live", "at": clock.now().isoformat()})


@requests.only("GET", "HEAD")
def ready(request: HttpRequest) -> JsonResponse:
    """200 `ready` or `degraded`, 503 `unavailable` without the database; `checks` says of each part how it is."""
    try:
        checks = _checks(clock.now())
    except (OperationalError, InterfaceError):
        body = {"status": "unavailable", "checks": {"database": {"status": "failed"}}}
        return JsonResponse(body, status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    is_well = all(check["status"] == "ok" for check in checks.values())
    return JsonResponse({"status": "ready" if is_well else "degraded", "checks": checks})


def _checks(now: datetime) -> dict[str, dict[str, Any]]:
    checks: dict[str, dict[str, Any]] = {"database": {"status": "ok"}, "operator": _operator()}
    for pulse in heartbeat.pulses(now):
        checks[pulse.name] = {
            "status": "missed" if pulse.is_missed else "ok",
            "age_seconds": None if pulse.age is None else int(pulse.age.total_seconds()),
            "allowed_seconds": int(pulse.allowed.total_seconds()),
        }
    waiting, held = transparency.waiting()
    checks["audit log"] = {"status": "failed" if held else "ok", "waiting": waiting, "held": held}
    return checks


def _operator() -> dict[str, Any]:
    if queries.operator_id_if_founded() is not None:
        return {"status": "ok"}
    return {"status": "missing", "fix": "Found the operator: manage.py found_operator --help"}
