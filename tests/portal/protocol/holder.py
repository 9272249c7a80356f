"""Whoever holds a registration access token, at the configuration endpoint."""

from typing import Any

from registry.models import (
    Organization,
    Outcome,
    Registration,
)
from tests.live import Answer
from tests.software import Software

DAY = 86_400


class Manager:
    """Whoever holds a registration access token, and remembers the newest."""

    def __init__(self, software: Software) -> None:
        self.software, self.door = software, software.door
        self.token = str(software.information["registration_access_token"])
        self.path = f"/register/{software.client_id}"

    def read(self, token: str | None = None) -> Answer:
        return self.door.get(self.path, bearer=token or self.token)

    def put(self, document: Any, token: str | None = None) -> Answer:
        return self.door.request("PUT", self.path, bearer=token or self.token, json=document)

    def change(self, **members: Any) -> Answer:
        """Send all that was registered again, but for these members; None leaves one out."""
        sent = dict(self.software.row.metadata) | {"client_id": self.software.client_id} | members
        answer = self.put({name: value for name, value in sent.items() if value is not None})
        if answer.status == 200:
            self.token = answer.json()["registration_access_token"]
        return answer

    def delete(self) -> Answer:
        return self.door.request("DELETE", self.path, bearer=self.token)


def host(holder: Organization) -> str:
    return f"app.{holder.slug}.example"


def pending(manager: Manager) -> Registration | None:
    return Registration.objects.filter(client=manager.software.row, outcome=Outcome.PENDING).first()
