"""Addresses of the protocol door."""

from django.urls import path

from portal.protocol import authorize, health, introspection, logos, metadata, registration, token

urlpatterns = [
    path(".well-known/oauth-authorization-server", metadata.authorization_server, name="metadata"),
    path("authorize/", authorize.authorize, name="authorize"),
    path("token", token.token, name="token"),
    path("revoke", token.revoke, name="revoke"),
    path("introspect", introspection.introspect, name="introspect"),
    path("register", registration.register, name="register"),
    path("register/<str:client_id>", registration.configuration, name="client_configuration"),
    path("logos/<slug:digest>.png", logos.logo, name="logo"),
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
]
