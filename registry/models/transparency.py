"""The audit tree: which event is which leaf, stored subtrees, signed heads. Only `registry` rooms of the log take it.

All of these tables only grow, except the queue, which loses an event to its leaf.
"""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact


def _octets(column: str, count: int) -> Exact:
    return Exact(Func(F(column), function="octet_length", output_field=models.IntegerField()), count)


class AuditQueue(models.Model):
    """An event that has no leaf yet. A trigger adds it with the event and removes it with the leaf.

    held  its row is not what was written: it waits for a person, and is given no leaf
    """

    event = models.UUIDField(primary_key=True)
    held = models.BooleanField(default=False)


class AuditLeaf(models.Model):
    """The place of one event in the tree: numbers are consecutive from 0, in the order of sequencing."""

    number = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField("registry.AuditEvent", on_delete=models.PROTECT, related_name="leaf")
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=0), name="leaf_number_counts_from_zero"),
            models.CheckConstraint(condition=_octets("hash", 32), name="leaf_hash_is_sha256"),
        ]


class AuditNode(models.Model):
    """The hash of a complete subtree whose level is a multiple of 8; the leaves themselves are level 0."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=_octets("hash", 32), name="node_hash_is_sha256")]


class AuditCheckpoint(models.Model):
    """A signed tree head (C2SP tlog-checkpoint). When it was made is told by its cosignatures, not by us."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="checkpoint_has_leaves"),
            models.CheckConstraint(condition=_octets("root", 32), name="checkpoint_root_is_sha256"),
        ]


class AuditCosignature(models.Model):
    """The signature line of a witness below a checkpoint (C2SP tlog-cosignature)."""

    pk = models.CompositePrimaryKey("checkpoint_id", "witness")
    checkpoint = models.ForeignKey(AuditCheckpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=200)
    line = models.TextField()
