"""The policy version in force, read in the statement that reads the facts; a version is parsed once in a process.

What is kept of a version is kept under its row's identity, and a published row never changes: nothing here can be
stale. Which one is in force is asked every time.
"""

import json
from collections import OrderedDict
from typing import Any
from uuid import UUID

from django.db import connection

from registry.policy import versions
from registry.policy.versions import Policy

_MOST_KEPT = 64
_FIRST = Policy(versions.BUILT_IN)
_kept: OrderedDict[str, Policy] = OrderedDict()

# An expression of one column: identity, number, and the document unless this process has it. NULL: version 1.
EXPRESSION = """
(SELECT json_build_array(p.id, p.number, CASE WHEN p.id = ANY(%(known_policies)s::uuid[]) THEN NULL ELSE p.document END)
 FROM registry_policyversion p ORDER BY p.number DESC LIMIT 1)
"""


def known() -> dict[str, list[UUID]]:
    """The parameter that EXPRESSION takes."""
    return {"known_policies": [UUID(name) for name in tuple(_kept)]}


def version(found: Any) -> Policy:
    """The version that EXPRESSION told of."""
    if found is None:
        return _FIRST
    identity, number, document = json.loads(found) if isinstance(found, str) else found
    policy = _kept.get(identity)
    if policy is None:
        policy = _kept[identity] = versions.read(number, document)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return policy


def current() -> Policy:
    """The version in force. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {EXPRESSION}", known())  # a constant of this program
        (found,) = cursor.fetchone()
    return version(found)
