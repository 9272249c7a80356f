"""Checkpoint and proofs as an auditor takes them: verified with the public key and the auditor's own code alone."""

from base64 import b64decode
from uuid import uuid4

import pytest

from portal.auditor import canonical, notes, tree
from registry import audit, audit_identity
from tests import audit_log

pytestmark = pytest.mark.django_db


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def test_before_the_first_checkpoint_there_is_none(api):
    refused(api.get("audit/checkpoint"), 404, "not_found")
    refused(api.get("audit/consistency", **{"from": 1}), 404, "not_found")


def test_an_event_waits_for_its_checkpoint(api, acme):
    event = audit.history().first()
    problem = refused(api.get("audit/proof", event=event.pk), 409, "conflict")
    assert "yet" in problem["detail"]


@pytest.mark.parametrize("query", [{"event": uuid4()}])
def test_what_is_not_there(query, api):
    refused(api.get("audit/proof", **query), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "query", "member"),
    [
        ("audit/proof", {}, "event"),
        ("audit/proof", {"event": "1"}, "event"),
        ("audit/proof", {"event": str(uuid4()), "size": 3}, "size"),
        ("audit/consistency", {}, "from"),
        ("audit/consistency", {"from": 0}, "from"),
        ("audit/consistency", {"from": -1}, "from"),
        ("audit/consistency", {"from": 2**53}, "from"),
        ("audit/consistency", {"from": "all"}, "from"),
        ("audit/consistency", {"from": 10**6}, "from"),
        ("audit/checkpoint", {"size": 1}, "size"),
    ],
)
def test_nonsense(path, query, member, api, acme):
    audit_log.sequence()
    problem = refused(api.get(path, **query), 422, "invalid_input")
    assert [finding["member"] for finding in problem["findings"]] == [member]


def proved(told):
    """Whether the answer proves its document, by the auditor's code and the public key."""
    head = notes.head(told["checkpoint"]["note"], audit_log.keys())
    leaf = tree.leaf(canonical.write(told["document"]))
    hashes = [b64decode(one) for one in told["hashes"]]
    return tree.includes(head.root, head.size, told["index"], leaf, hashes)


def test_the_checkpoint_is_signed(api, acme):
    audit_log.sequence()
    told = api.get("audit/checkpoint").json()
    head = notes.head(told["note"], audit_log.keys())
    assert (told["size"], b64decode(told["root"])) == (head.size, head.root)
    assert told["size"] == audit.history().count()
    assert told["origin"] == audit_identity.origin()


def test_every_event_is_proved(api, acme):
    audit_log.record(acme, 3, text="Überprüfung", nested={"a": [1, None, True]})
    audit_log.sequence()
    for event in audit.history():
        told = api.get("audit/proof", event=event.pk).json()
        assert told["document"]["id"] == str(event.pk)
        assert proved(told)


def test_the_text_is_the_same_proof(api, acme):
    audit_log.sequence()
    told = api.get("audit/proof", event=audit.history().first().pk).json()
    index, hashes, note = notes.proof(told["proof"])
    assert (index, hashes) == (told["index"], [b64decode(one) for one in told["hashes"]])
    assert note == told["checkpoint"]["note"]


@pytest.mark.parametrize("change", ["reason", "at", "actor_id", "action", "organization", "after"])
def test_a_document_that_was_changed_is_not_proved(change, api, acme):
    audit_log.sequence()
    told = api.get("audit/proof", event=audit.history().first().pk).json()
    told["document"][change] = {} if change == "after" else "x"
    assert not proved(told)


def test_a_log_that_grew_is_proved_to_begin_as_it_did(api, acme):
    sizes = []
    for _ in range(3):
        audit_log.record(acme, 5)
        audit_log.sequence()
        sizes.append(api.get("audit/checkpoint").json())
    for old in sizes:
        told = api.get("audit/consistency", **{"from": old["size"]}).json()
        hashes = [b64decode(one) for one in told["hashes"]]
        new = told["checkpoint"]
        roots = (b64decode(old["root"]), b64decode(new["root"]))
        assert told["from"] == old["size"]
        assert tree.continues(old["size"], roots[0], new["size"], roots[1], hashes)


def test_a_log_that_lost_events_cannot_be_proved(api, acme):
    audit_log.sequence()
    size = api.get("audit/checkpoint").json()["size"]
    problem = refused(api.get("audit/consistency", **{"from": size + 1}), 422, "invalid_input")
    assert "has lost events" in problem["findings"][0]["fix"]


def test_an_event_of_another_scope_is_not_proved(service, acme):
    audit_log.sequence()
    event = audit.history().first().pk
    refused(service("organizations:read").get("audit/proof", event=event), 403, "insufficient_scope")
