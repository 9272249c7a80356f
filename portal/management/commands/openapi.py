"""`manage.py openapi`: write the OpenAPI document to docs/openapi.json, or say whether that file is as it should be."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.api.document import document

FILE = settings.BASE_DIR / "docs" / "openapi.json"
ISSUER = "https://as.example"  # of no deployment; the served document names its own


def text() -> str:
    """The document as it is kept."""
    return json.dumps(document(ISSUER), indent=1, ensure_ascii=False) + "\n"


class Command(BaseCommand):
    help = "Write the OpenAPI document of the API to a file, docs/openapi.json unless told otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, default=FILE)
        parser.add_argument("--check", action="store_true", help="write nothing; fail when it would change")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not options["check"]:
            file.write_text(text(), encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text():
            raise CommandError(f"{file.name} is not what the API is: run `manage.py openapi`.")
