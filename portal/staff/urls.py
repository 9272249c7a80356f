"""Addresses of the staff portal."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

app_name = "staff"


def opening(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """The page behind this address is being built."""
    raise Http404


_ORGANIZATION = "organizations/<slug:slug>/"
_CLIENT = "clients/<str:client_id>/"

urlpatterns = [
    path("", opening, name="dashboard"),
    path("queue/", opening, name="queue"),
    path("queue/<uuid:registration_id>/", opening, name="case"),
    path("queue/organizations/<slug:slug>/", opening, name="organization_case"),
    path("people/", opening, name="people"),
    path("organizations/", opening, name="organizations"),
    path("organizations/new/", opening, name="organization_new"),
    path(_ORGANIZATION, opening, name="organization"),
    path(_ORGANIZATION + "clients/", opening, name="organization_clients"),
    path(_ORGANIZATION + "people/", opening, name="organization_people"),
    path(_ORGANIZATION + "domains/", opening, name="organization_domains"),
    path(_ORGANIZATION + "audit/", opening, name="organization_audit"),
    path(_ORGANIZATION + "submit/", opening, name="organization_submit"),
    path(_ORGANIZATION + "approve/", opening, name="organization_approve"),
    path(_ORGANIZATION + "contain/", opening, name="organization_contain"),
    path(_ORGANIZATION + "restore/", opening, name="organization_restore"),
    path(_ORGANIZATION + "initial-access-tokens/new/", opening, name="initial_access_token_new"),
    path(
        _ORGANIZATION + "initial-access-tokens/<uuid:token_id>/revoke/",
        opening,
        name="initial_access_token_revoke",
    ),
    path("clients/", opening, name="clients"),
    path(_CLIENT, opening, name="client"),
    path(_CLIENT + "suspend/", opening, name="client_suspend"),
    path(_CLIENT + "reactivate/", opening, name="client_reactivate"),
    path(_CLIENT + "deregister/", opening, name="client_deregister"),
    path("audit/", opening, name="audit"),
    path("audit/<uuid:event_id>/", opening, name="audit_event"),
]
