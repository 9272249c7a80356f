"""How the attacks are tried: over real HTTP, and what has to be true whatever was sent."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from registry import queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import (
    Client,
    ClientKey,
    ClientSecret,
    IdempotentRegistration,
    InitialAccessToken,
    Organization,
    ProvedDomain,
    Registration,
    RegistrationAccessToken,
)
from registry.roles import Role
from tests import world
from tests.attacks.holding import everything
from tests.live import Answer, Live
from tests.portal.protocol.holder import Manager
from tests.software import Software
from tests.together import each

STAFF = Viewer(Role.AUDITOR, None)
JSON = {"Content-Type": "application/json"}
SLOW_SECONDS = 2.0
Item = TypeVar("Item")


class Intruder:
    """Whoever holds a good initial access token of an organization, and wants more than it gives."""

    def __init__(self, live: Live, holder: Organization | None = None, **ceiling: Any) -> None:
        self.live = live
        self.holder = holder or world.organization()
        self.token = world.initial_access_token(self.holder, **ceiling).value
        self.host = f"app.{self.holder.slug}.example"
        self.answers: list[Answer] = []
        self.own: Manager | None = None

    def post(self, body: Any = None, **options: Any) -> Answer:
        if isinstance(body, bytes):
            headers = dict(options.pop("headers", JSON))
            return self.live.post("/register", bearer=self.token, body=body, headers=headers, **options)
        return self.live.post("/register", bearer=self.token, json=body, **options)

    def register(self, **members: Any) -> Answer:
        """A registration that is good but for these members."""
        return self.post(world.metadata(self.holder, **members))

    def all_refused(self, attempts: Iterable[Mapping[str, Any]], code: str) -> None:
        """Each set of members is refused with this code, to a new client and to one that is there; nothing changes."""
        tried = list(attempts)
        answers = self.ask_each(tried, lambda members: self.register(**members))
        wrong = [
            (members, answer.status, answer.body)
            for members, answer in zip(tried, answers, strict=True)
            if (answer.status, answer.json().get("error")) != (400, code)
        ]
        assert wrong == []
        self._refused_to_one_that_is_there(tried, code)
        self.check()

    def _refused_to_one_that_is_there(self, tried: Sequence[Mapping[str, Any]], code: str) -> None:
        own = self.managed()
        before = everything(own.software.client_id)
        answers = self.ask_each(tried, lambda members: self.replace(**members))
        wrong = [
            (members, answer.status, answer.body)
            for members, answer in zip(tried, answers, strict=True)
            if (answer.status, answer.json().get("error")) != (400, code)
        ]
        assert wrong == []
        assert everything(own.software.client_id) == before

    def managed(self) -> Manager:
        """A client of the intruder's own, with its registration access token; registered when first asked for."""
        if self.own is None:
            bodies = (world.metadata(self.holder), world.machine_metadata())
            answers = (self.post(body) for body in bodies)
            made = next(answer for answer in answers if answer.status == 201)
            self.own = Manager(Software(self.live, made.json()))
        return self.own

    def replace(self, **members: Any) -> Answer:
        """A replacement of that client's metadata that is good but for these members (RFC 7592 §2.2)."""
        own = self.managed()
        return own.put(world.metadata(self.holder, **members) | {"client_id": own.software.client_id})

    def all_accepted(self, attempts: Iterable[Mapping[str, Any]]) -> None:
        tried = list(attempts)
        answers = self.ask_each(tried, lambda members: self.register(**members))
        assert [(m, a.body) for m, a in zip(tried, answers, strict=True) if a.status != 201] == []

    def ask_each(self, items: Sequence[Item], ask: Callable[[Item], Answer]) -> list[Answer]:
        """Ask a few at a time; what was slow is asked once more, alone: a busy machine is not a slow parser."""
        answers = each(items, ask)
        slow = [item for item, answer in zip(items, answers, strict=True) if answer.seconds > SLOW_SECONDS]
        again = [ask(item) for item in slow]
        assert [answer.seconds for answer in again if answer.seconds > SLOW_SECONDS] == []
        self.answers += answers + again
        return answers

    def check(self) -> None:
        """Never 5xx, one event for each attempt, and rows for the accepted ones alone."""
        assert [answer.body for answer in self.answers if answer.status >= 500] == []
        ids = [answer.headers["Request-Id"] for answer in self.answers]
        told = queries.audit_events(STAFF, organization=self.holder, request_id__in=ids)
        assert Counter(told.values_list("request_id", flat=True)) == Counter(ids)
        assert self.left_behind() == dict.fromkeys(LEFT_BEHIND, self.accepted())

    def accepted(self) -> int:
        granted = (Event.REGISTRATION_GRANTED, Event.REGISTRATION_AWAITS_REVIEW)
        return int(queries.audit_events(STAFF, organization=self.holder, action__in=granted).count())

    def refused(self) -> int:
        events = queries.audit_events(STAFF, organization=self.holder, action=Event.REGISTRATION_REFUSED)
        return int(events.count())

    def left_behind(self) -> dict[str, int]:
        """Rows of this organization, by kind; of clients that there are, each has one of each."""
        rows = {
            "clients": Client.objects.filter(organization=self.holder),
            "registrations": Registration.objects.filter(organization=self.holder),
            "tokens": RegistrationAccessToken.objects.filter(client__organization=self.holder, ended_at=None),
        }
        found = {name: query.count() for name, query in rows.items()}
        uses = InitialAccessToken.objects.filter(organization=self.holder).values_list("uses", flat=True)
        return found | {"uses": sum(uses)}

    def nothing_left(self) -> bool:
        """Not a client, key, secret, remembered key or use, but for the client that was there before."""
        known = [self.own.software.client_id] if self.own else []
        rows = (
            Client.objects.exclude(client_id__in=known).filter(organization=self.holder),
            ClientKey.objects.exclude(client__client_id__in=known).filter(organization=self.holder),
            ClientSecret.objects.exclude(client__client_id__in=known).filter(
                client__organization=self.holder
            ),
            IdempotentRegistration.objects.filter(client__organization=self.holder),
            InitialAccessToken.objects.filter(organization=self.holder, uses__gt=len(known)),
        )
        return not any(query.exists() for query in rows)


LEFT_BEHIND = ("clients", "registrations", "tokens", "uses")


def prove(holder: Organization, domains: Iterable[str]) -> None:
    """Make these the only proved domains of an organization, whoever had them before and whatever they are."""
    names = list(domains)
    ended = {"ended_at": world.now()}
    ProvedDomain.objects.filter(domain__in=names, ended_at=None).update(**ended)
    ProvedDomain.objects.filter(organization=holder, ended_at=None).update(**ended)
    ProvedDomain.objects.bulk_create(
        ProvedDomain(
            organization=holder,
            domain=name,
            proof="attested",
            evidence="of a test",
            proved_by=world.STAN.name,
            proved_at=world.now(),
        )
        for name in names
    )
