"""Acts of both portals: a form, one write, 303; what cannot be done is said on the page that asked."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from portal.authn import View, has_factor, step_up, stepped_up
from portal.errors import answer_for
from registry import errors

Form = TypeVar("Form", bound=forms.Form)
Write = Callable[[Mapping[str, Any]], object]
Page = Callable[[], HttpResponse]
Said = Callable[[Mapping[str, Any]], str]

# Refusals that the person can read and act on; every other one is a page of its own.
TELLABLE = (
    errors.Conflict,
    errors.FourEyesRequired,
    errors.InvalidInput,
    errors.PreconditionFailed,
    errors.QuotaReached,
    errors.RegistrationRefused,
    errors.StandingForbids,
    errors.TransitionRefused,
)
FRESH_FACTOR = {"fresh": True, "last": "within the last 5 min"}


def with_fresh_factor(view: View) -> View:
    """Ask for a fresh second factor first; what was typed when it had grown old is there again afterwards."""
    guarded = step_up(view)

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not stepped_up(request):
            asked_for = _asked_for()
            sent = {name: values for name, values in request.POST.lists() if name in asked_for}
            request.session[_TYPED + request.path] = sent
        return guarded(request, *args, **kwargs)

    return kept


def with_factor_where_held(view: View) -> View:
    """The same of whoever has a second factor; for whoever has none, the password stands alone."""
    asking = with_fresh_factor(view)

    @wraps(view)
    def chosen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (asking if has_factor(request) else view)(request, *args, **kwargs)

    return chosen


_TYPED = "typed at "
_OURS = ("portal.forms", "portal.partner.", "portal.staff.")  # not the forms by which people sign in


def _asked_for(kind: type[forms.BaseForm] = forms.BaseForm) -> set[str]:
    """What some form of a portal asks for; whatever else was sent may be a secret, and is kept nowhere."""
    own = set(getattr(kind, "base_fields", ())) if kind.__module__.startswith(_OURS) else set()
    return own.union(*(_asked_for(heir) for heir in kind.__subclasses__()))


def bound(
    request: HttpRequest, kind: type[Form], *, initial: Mapping[str, Any] | None = None, **options: Any
) -> Form:
    """The form of this request: what was sent, or one to show, with what was typed before a step-up."""
    if request.method == "POST":
        return kind(request.POST, initial=dict(initial or {}), **options)
    return kind(None, initial=_typed(request, kind) | dict(initial or {}), **options)


def _typed(request: HttpRequest, kind: type[forms.Form]) -> dict[str, Any]:
    sent = request.session.pop(_TYPED + request.path, {})
    several = {
        name for name, field in kind.base_fields.items() if isinstance(field, forms.MultipleChoiceField)
    }
    return {
        name: values if name in several else values[-1]
        for name, values in sent.items()
        if name in kind.base_fields and values
    }


def answer(
    request: HttpRequest, form: forms.Form, write: Write, page: Page, *, done: str | Said, to: str | Said
) -> HttpResponse:
    """Write and go `to` with 303, or show the page again with what was typed and what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return page()
    try:
        write(form.cleaned_data)
    except TELLABLE as refusal:
        return refused(form, refusal, page)
    sentence, address = (text if isinstance(text, str) else text(form.cleaned_data) for text in (done, to))
    return gone(request, done=sentence, to=address)


def refused(form: forms.Form, refusal: errors.Refusal, page: Page) -> HttpResponse:
    """The page with the refusal beside the field it is about, under the status that refusals of this kind have."""
    member = refusal.findings[0].member.partition("[")[0] if refusal.findings else ""
    if member in form.fields:
        form.add_error(member, _beside(refusal.findings[0]))
    else:
        form.add_error(None, " ".join(part for part in (refusal.found, refusal.fix) if part))
    response = page()
    response.status_code = answer_for(refusal).status
    return response


_PLURAL = frozenset({"are", "do", "name"})


def _beside(finding: errors.Finding) -> str:
    """A finding as a sentence under the label of its field: of a list the place is said, counted from one."""
    if finding.found[0].isupper():
        return f"{finding.found} {finding.fix}"
    place = finding.member.partition("[")[2].rstrip("]")
    whole = "They" if finding.found.split()[0] in _PLURAL else "It"
    subject = f"Value {int(place) + 1}" if place else whole
    return f"{subject} {finding.found}. {finding.fix}"


def at_once(request: HttpRequest, write: Callable[[], object], *, done: str, to: str) -> HttpResponseRedirect:
    """Level 1: write and go `to`; what cannot be done is said there."""
    try:
        write()
    except TELLABLE as refusal:
        messages.error(request, " ".join(part for part in (refusal.found, refusal.fix) if part))
        return HttpResponseRedirect(to, status=303)
    return gone(request, done=done, to=to)


def gone(request: HttpRequest, *, done: str, to: str) -> HttpResponseRedirect:
    """303 with one sentence of what was done."""
    messages.success(request, done)
    return HttpResponseRedirect(to, status=303)
