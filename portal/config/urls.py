"""The composition of the doors."""

from django.urls import URLPattern, URLResolver, include, path

from portal.api import problem_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("portal.protocol.urls")),
    path("", include("portal.account.urls")),
    path("staff/", include("portal.staff.urls")),
    path("partner/", include("portal.partner.urls")),
    path("api/v1/", include("portal.api.urls")),
    path("problems/<slug:code>", problem_pages.page, name="problem"),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
