"""`manage.py audit_public_key`: what an auditor needs to verify the log, and AUDIT_PUBLIC_KEYS takes."""

from typing import Any

from django.core.management import BaseCommand

from registry import audit_identity


class Command(BaseCommand):
    help = "Print the verifier keys of the audit log, the present one first (C2SP signed-note)."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for key in audit_identity.verifier_keys():
            self.stdout.write(str(key))
