"""Addresses of the partner portal."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

app_name = "partner"


def opening(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """The page behind this address is being built."""
    raise Http404


urlpatterns = [
    path("", opening, name="home"),
    path("clients/", opening, name="clients"),
    path("clients/<str:client_id>/", opening, name="client"),
]
