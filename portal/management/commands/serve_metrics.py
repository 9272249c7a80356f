"""`manage.py serve_metrics`: metrics of all processes of this host, on an internal port."""

import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.management import BaseCommand, CommandError
from django.db import close_old_connections

from portal.metrics import exposition


class Quiet(WSGIRequestHandler):
    """A scrape each few seconds is nothing to log."""

    def log_message(self, *args: Any) -> None:
        return


def letting_go(application: exposition.Application) -> exposition.Application:
    """Keep no connection to the database between two scrapes."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        finally:
            close_old_connections()

    return answer


class Command(BaseCommand):
    help = (
        "Serve /metrics for Prometheus. Keep the port from everybody else: it tells names of rules and tasks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default 127.0.0.1).")
        parser.add_argument("--port", type=int, default=9464, help="Port to listen on (default 9464).")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
        if not Path(folder).is_dir():
            raise CommandError("PROMETHEUS_MULTIPROC_DIR is not set to a folder that all processes share.")
        application = letting_go(exposition.application(Path(folder)))
        with make_server(options["host"], options["port"], application, handler_class=Quiet) as server:
            server.serve_forever()
