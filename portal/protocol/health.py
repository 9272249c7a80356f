"""Health: alive means the process answers; ready means PostgreSQL answers too."""

from django.http import HttpRequest, JsonResponse

from portal.protocol import requests
from registry import clock, queries


@requests.only("GET", "HEAD")
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "live", "at": clock.now().isoformat()})


@requests.only("GET", "HEAD")
def ready(request: HttpRequest) -> JsonResponse:
    """503 through the boundary when the database cannot be reached."""
    queries.database_answers()
    return JsonResponse({"status": "ready"})
