"""The audit tree: the last checkpoint, and proofs against it. Whoever verifies needs nothing else of ours."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import transparency as shapes
from registry import audit, queries, transparency
from registry.errors import Conflict, Finding, InvalidInput, NotFound


class Checkpoint(Resource):
    scopes = {"GET": Scope.AUDIT_READ}

    @documented("Read the last checkpoint of the audit log", shapes.Checkpoint, refuses=(404,))
    def get(self, request: Request) -> Response:
        self.asked()
        return self.told(shapes.Checkpoint, _last())


class Proof(Resource):
    scopes = {"GET": Scope.AUDIT_READ}

    @documented(
        "Prove that an event is in the audit log",
        shapes.Inclusion,
        filters=shapes.ProofWanted,
        refuses=(404, 409),
    )
    def get(self, request: Request) -> Response:
        event = queries.event(self.viewer, self.asked(shapes.ProofWanted)["event"])
        proof = transparency.inclusion_proof(event.pk)
        if proof is None:
            raise Conflict("No checkpoint has signed the event yet.", fix="Ask again in a few seconds.")
        (row,) = audit.stored([event.pk])
        return self.told(shapes.Inclusion, {**_members(proof), "document": row.document})


class Consistency(Resource):
    scopes = {"GET": Scope.AUDIT_READ}

    @documented(
        "Prove that the audit log still begins as it did",
        shapes.Consistency,
        filters=shapes.ConsistencyWanted,
        refuses=(404,),
    )
    def get(self, request: Request) -> Response:
        proof = transparency.consistency_proof(self.asked(shapes.ConsistencyWanted)["old_size"])
        if proof is None and _last():
            raise InvalidInput(findings=[_NEVER])
        return self.told(shapes.Consistency, proof)


_NEVER = Finding(
    "from",
    "is more than the log has signed",
    "Send the size of a checkpoint of this log; if it is one, the log has lost events.",
    "audit.size",
    "RFC 9162 §2.1.4",
)


def _last() -> dict[str, Any]:
    """The last checkpoint and its note. Raises NotFound before the first."""
    latest = transparency.latest_checkpoint()
    if latest is None:
        raise NotFound("Nothing is signed yet.")
    checkpoint, note = latest
    return {"checkpoint": checkpoint, "note": note}


def _members(proof: transparency.InclusionProof) -> dict[str, Any]:
    return {
        "index": proof.index,
        "hashes": proof.hashes,
        "checkpoint": proof.checkpoint,
        "note": proof.note,
        "text": proof.text,
    }
