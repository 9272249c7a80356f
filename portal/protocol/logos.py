"""Logos of clients, as we drew them."""

from django.http import Http404, HttpRequest, HttpResponse

from portal.protocol import requests
from registry import logos


@requests.only("GET", "HEAD")
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """The picture of this digest; it never changes, but its client may end."""
    picture = logos.picture(digest)
    if picture is None:
        raise Http404
    headers = {"Cache-Control": "public, max-age=3600", "Content-Disposition": "inline"}
    return HttpResponse(picture, content_type="image/png", headers=headers)
