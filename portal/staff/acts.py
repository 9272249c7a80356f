"""Acts of the staff portal: a form, one write, 303; what cannot be done is said on the page that asked."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from portal.errors import answer_for
from registry import errors

Form = TypeVar("Form", bound=forms.Form)
Write = Callable[[Mapping[str, Any]], object]
Page = Callable[[], HttpResponse]
Address = Callable[[Mapping[str, Any]], str]

# Refusals that the person can read and act on; every other one is a page of its own.
TELLABLE = (
    errors.Conflict,
    errors.FourEyesRequired,
    errors.InvalidInput,
    errors.QuotaReached,
    errors.StandingForbids,
    errors.TransitionRefused,
)
FRESH_FACTOR = {"fresh": True, "last": "within the last 5 min"}


def bound(request: HttpRequest, kind: type[Form], **options: Any) -> Form:
    """The form of this request: what was sent, or an empty one to show."""
    return kind(request.POST if request.method == "POST" else None, **options)


def answer(
    request: HttpRequest, form: forms.Form, write: Write, page: Page, *, done: str, to: str | Address
) -> HttpResponse:
    """Write and go `to` with 303, or show the page again with what was typed and what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return page()
    try:
        write(form.cleaned_data)
    except TELLABLE as refusal:
        return refused(form, refusal, page)
    return gone(request, done=done, to=to if isinstance(to, str) else to(form.cleaned_data))


def refused(form: forms.Form, refusal: errors.Refusal, page: Page) -> HttpResponse:
    """The page with the refusal as an error of the form, under the status that refusals of this kind have."""
    form.add_error(None, " ".join(part for part in (refusal.found, refusal.fix) if part))
    response = page()
    response.status_code = answer_for(refusal).status
    return response


def gone(request: HttpRequest, *, done: str, to: str) -> HttpResponseRedirect:
    """303 with one sentence of what was done."""
    messages.success(request, done)
    return HttpResponseRedirect(to, status=303)
