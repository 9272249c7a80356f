"""Shapes of the audit tree: heads and proofs, in the formats that docs/audit.md names. Hashes are base64."""

from base64 import b64encode
from typing import Any

from rest_framework.serializers import DictField, Field, IntegerField, ListField, UUIDField

from portal.api.shapes.base import Shape, Text

LARGEST = 2**53 - 1


class Octets(Text):
    """Octets as base64."""

    def to_representation(self, value: Any) -> str:
        return b64encode(value).decode()


class ProofWanted(Shape):
    event = UUIDField(help_text="Identifier of an audit event")


class ConsistencyWanted(Shape):
    """`from` is a name that Python does not take."""

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        size = IntegerField(
            source="old_size", min_value=1, max_value=LARGEST, help_text="Size of a checkpoint that was kept"
        )
        return {**super().get_fields(), "from": size}


class Checkpoint(Shape):
    origin = Text(source="checkpoint.origin")
    size = IntegerField(source="checkpoint.size", help_text="How many events it signs")
    root = Octets(source="checkpoint.root")  # type: ignore[assignment]  # a member, not the field's own root
    note = Text(help_text="The signed note with its cosignatures (C2SP tlog-checkpoint)")


class Inclusion(Shape):
    """That an event is in the log: `document` is the leaf, `hashes` lead from it to the root (RFC 9162 §2.1.3)."""

    index = IntegerField()
    document = DictField(help_text="What is hashed, after RFC 8785: docs/audit.md")
    hashes = ListField(child=Octets())
    checkpoint = Checkpoint(source="*")
    proof = Text(source="text", help_text="All of it but the document as a C2SP tlog-proof")


class Consistency(Shape):
    """That the log of then begins the log of the checkpoint (RFC 9162 §2.1.4)."""

    hashes = ListField(child=Octets())
    checkpoint = Checkpoint(source="*")

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        return {"from": IntegerField(source="old_size"), **super().get_fields()}
