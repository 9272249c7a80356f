"""By what a key of the deployment is known again, without the key."""

from django.db import models


class KeyFingerprint(models.Model):
    """`digest` is what the key makes of a text that everybody knows; 256 random bits are not found from it."""

    name = models.CharField(max_length=32, primary_key=True)
    digest = models.CharField(max_length=64)
    since = models.DateTimeField()
