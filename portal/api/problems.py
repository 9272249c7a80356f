"""Every error of the API as problem details (RFC 9457): our refusals by their table, the framework's by this one."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail

from portal.errors import ANSWERS, BAD_REQUEST, UNKNOWN, Answer, answer_for, challenge, problem
from portal.metrics import observation
from registry import errors
from registry.errors import Finding, InvalidInput, Refusal
from registry.strict_json import safe_name

FRAMEWORK: Mapping[type[Exception], Answer] = {
    exceptions.ParseError: BAD_REQUEST,
    exceptions.NotFound: ANSWERS[errors.NotFound],
    exceptions.UnsupportedMediaType: ANSWERS[errors.UnsupportedMediaType],
    exceptions.MethodNotAllowed: Answer(
        405, "method_not_allowed", "There is no such verb here", "RFC 9110 §15.5.6"
    ),
    exceptions.NotAcceptable: Answer(406, "not_acceptable", "Answers are JSON", "RFC 9110 §15.5.7"),
}

# What a shape objects to, in our words: the framework's own sentences may echo what was sent.
WORDS: Mapping[str, tuple[str, str]] = {
    "required": ("is missing", "Send it."),
    "null": ("is null", "Send a value, or leave the member out."),
    "blank": ("is empty", "Send text."),
    "empty": ("is empty", "Send at least one item."),
    "unknown": ("is not known here", "Leave it out; the schema lists what is read."),
    "invalid": ("is not of the type or form that is read here", "See the schema for its type and form."),
    "invalid_choice": ("is not one of the values that are allowed", "See the schema for the values."),
    "not_a_list": ("is not a list", "Send a list."),
    "repeated": ("holds an item twice", "Send each item once."),
    "make_aware": ("is not an instant", "Send an instant with its offset, as in 2026-01-31T12:00:00Z."),
    "overflow": ("is not an instant that can be kept", "Send an instant of this age."),
}
LIMITS = frozenset({"max_length", "min_length", "max_value", "min_value", "max_string_length"})


def answer(exception: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The problem that an exception reads as; None leaves it to the boundary in `portal.errors`."""
    request = context["request"]
    if isinstance(exception, exceptions.ValidationError):
        exception = InvalidInput(findings=list(findings(exception.detail)))
    if isinstance(exception, Http404):
        return problem(request, ANSWERS[errors.NotFound])
    if isinstance(exception, Refusal):
        observation.refusal(exception)
        return problem(request, _answer(exception), _told(exception), challenge(exception))
    framework = FRAMEWORK.get(type(exception))
    return problem(request, framework) if framework is not None else None


def _answer(refusal: Refusal) -> Answer:
    """Malformed JSON means the same here as at registration, but it is not about client metadata."""
    return BAD_REQUEST if isinstance(refusal, errors.MalformedRequest) else answer_for(refusal)


def _told(refusal: Refusal) -> Refusal | None:
    """What is unknown is told without detail; so is what is not there, whatever kind of identifier was asked for."""
    if _answer(refusal) is UNKNOWN or isinstance(refusal, errors.NotFound):
        return None
    if isinstance(refusal, InvalidInput) and not refusal.findings:
        return InvalidInput(findings=[Finding("", refusal.found, refusal.fix, "registry.input", "product")])
    return refusal


def findings(detail: Any, path: str = "") -> Iterator[Finding]:
    """One finding for each member that a shape objected to, under the path of the member."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from findings(inner, _below(path, name))
    elif isinstance(detail, list) and detail and not isinstance(detail[0], ErrorDetail):
        for index, inner in enumerate(detail):
            yield from findings(inner, f"{path}[{index}]")
    elif detail:
        yield _finding(path, detail[0])


def _below(path: str, name: object) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    plain = safe_name(str(name))
    if plain == "non_field_errors":
        return path
    return f"{path}.{plain}" if path else plain


def _finding(path: str, error: ErrorDetail) -> Finding:
    if error.code in LIMITS:
        found, fix = f"is out of bounds: {str(error)[:1].lower()}{str(error)[1:]}", "Stay within the bounds."
    else:
        found, fix = WORDS.get(error.code or "invalid", WORDS["invalid"])
    return Finding(path, found, fix, f"api.{error.code}", "schema")
