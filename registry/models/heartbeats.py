"""When each part of the machine room was last seen at work."""

from django.db import models


class Heartbeat(models.Model):
    """`name` was alive at `at`, and means to say so again within `period_seconds`."""

    name = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()
    period_seconds = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(period_seconds__gt=0), name="a_heartbeat_comes_again")
        ]
