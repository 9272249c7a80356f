"""Health: alive means the process answers; ready means PostgreSQL answers too."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from registry import clock, queries


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "live", "at": clock.now().isoformat()})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 through the boundary when the database cannot be reached."""
    queries.database_answers()
    return JsonResponse({"status": "ready"})
