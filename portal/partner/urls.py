"""Addresses of the partner portal."""

from django.urls import path

from portal.partner import clients, domains, home, team

app_name = "partner"

urlpatterns = [
    path("", home.home, name="home"),
    path("clients/", clients.listed, name="clients"),
    path("domains/", domains.listed, name="domains"),
    path("domains/<str:domain>/check/", domains.check, name="domain_check"),
    path("team/", team.listed, name="team"),
    path("team/<uuid:person_id>/end/", team.end, name="person_end"),
    path("clients/<str:client_id>/", clients.detail, name="client"),
]
