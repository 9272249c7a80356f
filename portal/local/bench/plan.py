"""What one run of the bench is asked to do; every number has a unit in its name or says it here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

CONNECTIONS = 8
WEB_WORKERS = 2
OPERATIONS = (
    "empty",
    "client_credentials",
    "private_key_jwt",
    "introspection",
    "registration",
    "reading",
    "update",
    "deregistration",
    "refresh",
    "revocation",
)
PAGES = (
    "overview",
    "organizations",
    "organization",
    "clients",
    "client",
    "queue",
    "case",
    "audit",
)  # of the staff portal
DISTINCT = 500  # clients, tokens and organizations that take turns in one operation
SIZES = (100, 1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, and which of the filled rows it uses. Client n has kind n % 4 (documents.KINDS).

    requests    of each operation in each round, all connections together
    warm_up     of each operation before the first round, not counted
    seconds     after which a connection asks no more, whatever is left of its share
    contained   organizations that `--contain` stops
    answers     that `--contain` wants from requests begun after their organization was stopped
    """

    organizations: int = 10_000
    clients: int = 100_000
    rounds: int = 3
    requests: int = 1_200
    warm_up: int = 320
    seconds: float = 20.0
    contained: int = 400
    answers: int = 20_000
    operations: tuple[str, ...] = OPERATIONS

    @property
    def clients_each(self) -> int:
        """Clients of one organization."""
        return -(-self.clients // self.organizations)

    @property
    def kept_refresh_tokens(self) -> int:
        """Those of the organizations that `--contain` stops: nothing else uses them."""
        return self.contained * self.clients_each // 4

    @property
    def refresh_tokens(self) -> int:
        """Enough that the run uses none twice."""
        used = self.warm_up * 2 + self.requests * self.rounds
        return max(self.clients // 4, self.kept_refresh_tokens + used)

    @property
    def most_requests(self) -> Mapping[str, int]:
        """Of operations in each round that end what they are about, so that none is asked for twice.

        Every second client holds a token to revoke; of the last kind those are deregistered that introspection leaves
        alone.
        """
        held = {"revocation": self.clients // 2, "deregistration": len(self.spare_clients())}
        return {name: (count - 2 * self.warm_up) // self.rounds for name, count in held.items()}

    def spare_clients(self) -> list[int]:
        """Clients of the last kind that no other operation uses."""
        used = set(self.spread_tokens())
        return [number for number in range(3, self.clients, 4) if number not in used]

    def client_of_refresh_token(self, number: int) -> int:
        return number % (self.clients // 4) * 4 + 2

    @property
    def client_of_refresh_token_in_sql(self) -> str:
        return f"(n % {self.clients // 4} * 4 + 2)"

    def spread(self, kind: int) -> list[int]:
        """Clients of one kind, spread over the whole table."""
        of_kind = self.clients // 4
        return [number * 4 + kind for number in range(0, of_kind, max(1, of_kind // DISTINCT))]

    def spread_tokens(self) -> list[int]:
        """Access tokens of the first half, which revocation leaves alone, of clients of every kind."""
        return list(range(0, self.clients, max(1, self.clients // DISTINCT) | 1))

    def spread_organizations(self) -> list[int]:
        return list(range(0, self.organizations, max(1, self.organizations // DISTINCT)))

    def of_size(self, clients: int) -> "Plan":
        """The same run with so many clients, ten to an organization."""
        return replace(self, clients=clients, organizations=max(1, clients // 10))


QUICK = Plan(
    organizations=100,
    clients=1_000,
    rounds=1,
    requests=96,
    warm_up=16,
    seconds=5.0,
    contained=20,
    answers=400,
)
