"""Logs as JSON lines; values whose name smells of a secret are struck out."""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_WORDS = ("secret", "token", "password", "authorization", "assertion", "cookie", "code")


def strike_out_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = "[struck out]"
    return event


def name_the_request(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Django logs an answer after the middleware has gone; its record still carries the request."""
    request = getattr(event.get("_record"), "request", None)
    if request is not None:
        event.setdefault("request_id", getattr(request, "id", ""))
    return event


def formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            name_the_request,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            strike_out_secrets,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
