"""Anything in any member of any body: an answer that names it or the act done, never a failure of the server."""

import functools

import pytest
from django.conf import settings
from django.db import transaction

from portal.api.document import document
from tests.portal.api.conftest import ROUTES
from tests.portal.api.test_audit import WRITES

pytestmark = pytest.mark.django_db

JUNK = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    10**18,
    10**60,
    "",
    " ",
    "x" * 5000,
    "\U0001f600\u202e",
    "a\nb\x1b[0m",
    "%00",
    "2026-02-30",
    "9999-12-31T23:59:59-23:59",
    "'; DROP TABLE registry_client; --",
    "{{ 7 * 7 }}",
    [],
    {},
    [[]],
    [None],
    [{}],
    ["x"] * 300,
    {"": 1},
    {"kind": ["business"]},
    [{"environment": {}, "role": [], "kind": {}}],
)
SHARE = 3  # each member takes one of so many shares of the junk, the next member the next; the long variant takes all
ANSWERS = {200, 201, 400, 403, 404, 409, 422, 429}


@functools.cache
def described():
    return document(settings.REGISTRY.issuer)


def members(route):
    """The members of a body, read from the document that callers read."""
    operation = described()["paths"][route.template][route.method.lower()]
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return described()["components"]["schemas"][reference.rpartition("/")[2]]["properties"]


@pytest.mark.parametrize("share", [SHARE, pytest.param(1, id="all", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.writes and r.method != "DELETE"], ids=lambda route: route.id
)
def test_junk_is_answered(route, share, api):
    write = WRITES[route.id]
    target = write.target()
    path, headers = route.path(target), write.headers(target)
    for number, member in enumerate(members(route)):
        for junk in JUNK[number % share :: share]:
            answer = rolled_back(api, route.method, path, write.body | {member: junk}, **headers)
            assert answer.status_code in ANSWERS, (member, junk, answer.content)
            if answer.status_code == 422:
                told = {finding["member"].partition("[")[0] for finding in answer.json()["findings"]}
                assert told <= {member, ""}, (junk, told)


def rolled_back(api, *call, **headers):
    with transaction.atomic():
        answer = api.call(*call, **headers)
        transaction.set_rollback(True)
    return answer
