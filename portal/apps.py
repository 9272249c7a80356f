"""The app that holds the doors: it has no models."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal.config import celery  # noqa: F401  (tasks bind to our Celery application)
