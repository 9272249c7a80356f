"""Addresses of the partner portal."""

from django.urls import path

from portal.partner import clients, home

app_name = "partner"

urlpatterns = [
    path("", home.home, name="home"),
    path("clients/", clients.listed, name="clients"),
    path("clients/<str:client_id>/", clients.detail, name="client"),
]
