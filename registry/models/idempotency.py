"""Answers that are remembered under an Idempotency-Key, sealed with that key."""

from django.db import models


class RememberedAnswer(models.Model):
    """The answer to one writing request of one caller.

    place    names caller and key; neither can be read from it
    request  names what was asked, to tell another request under the same key
    sealed   the answer, encrypted: see `registry.idempotency`
    """

    place = models.CharField(primary_key=True, max_length=64)
    request = models.CharField(max_length=64)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="remembered_answer_by_age")]
