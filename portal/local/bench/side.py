"""The product as one side of a comparison: a filled database, a web server before it, prepared requests."""

import json
from typing import Any

from portal.local import programs
from portal.local.bench import population, workers
from portal.local.bench.bed import Bed, Web, free_port
from portal.local.bench.load import Prepared
from portal.local.bench.operations import Operations
from portal.local.bench.plan import Plan


class Product:
    """Our own server. `prepare` makes and fills the database, `start` serves it."""

    def __init__(self, bed: Bed, plan: Plan, name: str = "concordat") -> None:
        self.name, self.plan = name, plan
        self._bed = bed
        self._database = f"concordat_{plan.clients}"
        self._port = free_port()
        self._environment = bed.environment(self._database, self._port)
        self.web: Web
        self.seed: dict[str, Any]
        self._operations: Operations

    def prepare(self) -> None:
        self._bed.make_database(self._database)
        programs.migrate(self._environment)
        programs.run_command(self._environment, "collectstatic", "--no-input")
        said = programs.run_command(self._environment, "bench", "--seed")
        self.seed = json.loads(said.strip().splitlines()[-1])
        key = self._environment["CREDENTIAL_KEY"]
        population.fill(self._bed.superuser_url(self._database), self.plan, self.seed, key)
        self._operations = Operations(self.plan, self.seed, self._environment["CONCORDAT_ISSUER"])

    def start(self) -> None:
        name = f"web-{self._database}"
        application = "portal.config.wsgi:application"
        self.web = self._bed.serve(name, self._database, application, self._environment, self._port)

    def workers_mib(self) -> dict[str, list[float]]:
        """What the Celery workers of this database weigh, idle."""
        return workers.idle_mib(self._environment, self._bed.logs, self._bed.register)

    def take(self, operation: str, count: int) -> list[Prepared]:
        return self._operations.take(operation, count)
