"""The lists of the portals: what they find, in what order, and that an index answers each of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from registry import decisions, lifecycle, queries
from registry.models import Organization, Registration
from registry.queries import ClientRow
from registry.states import State
from tests import world
from tests.portal.staff.scene import STAFF, registered, waiting

SOON, LATER = timedelta(days=1), timedelta(days=2)


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization("acme")


@pytest.fixture
def pair(acme: Organization) -> tuple[str, str]:
    """client_ids of two clients: Beta with a key and never used, Alpha without a key and used."""
    key = world.signer()
    with_key = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [key.public]},
    }
    beta = registered(acme, client_name="Beta Ledger", **with_key).client_id
    alpha = registered(acme, client_name="Alpha Desk").client_id
    ClientRow.objects.filter(client_id=alpha).update(last_used_at=world.now())
    return beta, alpha


def listed(acme: Organization, **asked: Any) -> list[str]:
    rows = queries.clients_found(STAFF, slug=acme.slug, **asked)
    return [row.client_id for row in queries.part_of(rows, 0, 50)]


@pytest.mark.parametrize(
    ("sort", "beta_first"),
    [
        ("client", False),
        ("-client", True),
        ("keys", False),
        ("-keys", True),
        ("used", True),
        ("-used", False),
    ],
)
def test_clients_are_sorted(acme: Organization, pair: tuple[str, str], sort: str, beta_first: bool) -> None:
    assert listed(acme, sort=sort) == list(pair if beta_first else reversed(pair))


@pytest.mark.parametrize("word", ["beta led", "BETA", "ledger"])
def test_clients_are_found_by_a_part_of_their_name(
    acme: Organization, pair: tuple[str, str], word: str
) -> None:
    assert listed(acme, search=word) == [pair[0]]


def test_clients_are_found_by_a_part_of_their_organization(acme: Organization, pair: tuple[str, str]) -> None:
    registered(world.organization("birch"), client_name="Birch Ledger")
    rows = queries.clients_found(STAFF, search=acme.display_name[1:].upper())
    assert {row.client_id for row in rows} == set(pair)


def test_a_part_of_a_list_carries_what_its_rows_show(acme: Organization, pair: tuple[str, str]) -> None:
    rows = queries.clients_found(STAFF, slug=acme.slug, sort="client")
    assert [row.keys_total for row in queries.part_of(rows, 0, 2)] == [0, 1]
    assert [row.client_id for row in queries.part_of(rows, 1, 2)] == [pair[0]]
    assert queries.part_of(rows, 2, 4) == []


def test_organizations_are_sorted_by_their_live_clients(acme: Organization, pair: tuple[str, str]) -> None:
    lifecycle.deregister_client(pair[1], actor=world.STAN, reason="gone", now=world.now())
    empty = world.organization("birch")
    rows = queries.organizations_found(STAFF, sort="-clients").filter(pk__in=[acme.pk, empty.pk])
    assert [(row.slug, row.clients_total) for row in queries.part_of(rows, 0, 9)] == [
        (acme.slug, 1),
        (empty.slug, 0),
    ]


def test_figures_count_by_state_use_and_route(acme: Organization, pair: tuple[str, str]) -> None:
    before = queries.client_figures(STAFF, world.now() + SOON)
    lifecycle.suspend_client(pair[0], actor=world.STAN, reason="leak", now=world.now())
    lifecycle.deregister_client(pair[1], actor=world.STAN, reason="gone", now=world.now())
    after = queries.client_figures(STAFF, world.now() + SOON)
    assert after.by_state[State.SUSPENDED] == before.by_state.get(State.SUSPENDED, 0) + 1
    assert (after.unused, after.by_hand) == (before.unused - 1, before.by_hand - 1)
    assert queries.client_figures(STAFF, world.now() - LATER).unused == 0


def test_neighbours_are_those_that_wait_next_to_it(acme: Organization) -> None:
    cases = [waiting(acme, client_name=f"Desk {number}") for number in range(4)]
    decisions.reject(cases[1].pk, actor=world.PAUL, reason="no", now=world.now())
    beside = [queries.waiting_beside(STAFF, case) for case in cases]
    first, _, third, fourth = cases
    assert beside == [(third, None), (third, first), (fourth, first), (None, third)]


def test_neighbours_of_one_instant_go_by_their_ids(acme: Organization) -> None:
    cases = [waiting(acme, client_name=f"Desk {number}") for number in range(3)]
    Registration.objects.update(created_at=world.now())
    first, second, third = (Registration.objects.get(pk=pk) for pk in sorted(case.pk for case in cases))
    assert queries.waiting_beside(STAFF, second) == (third, first)


READINGS: dict[str, Callable[[], QuerySet[Any, Any]]] = {
    "client_by_registration": lambda: queries.clients_found(STAFF).values_list("pk")[:50],
    "client_by_name": lambda: queries.clients_found(STAFF, sort="-client").values_list("pk")[:50],
    "client_by_state": lambda: queries.clients_found(STAFF, sort="state").values_list("pk")[:50],
    "client_by_last_use": lambda: queries.clients_found(STAFF, sort="-used").values_list("pk")[:50],
    "client_by_part_of_a_name": lambda: queries.clients_found(STAFF, search="ledger").order_by().values_list("pk"),
    "client_of_organization": lambda: queries.organizations_found(STAFF, sort="clients").values_list("pk")[:50],
    "organization_by_name": lambda: queries.organizations_found(STAFF).values_list("pk")[:50],
    "registration_by_outcome": lambda: queries.waiting(STAFF).filter(created_at__gte=world.now())[:1],
    "organization_by_state": lambda: queries.organizations(STAFF).filter(state="pending").order_by().values_list("pk"),
    "registration_decided": lambda: queries.cases(STAFF, view="decided", kind="client").order_by(),
}  # fmt: skip

# In a table where nobody waits; where somebody does, the order decides for the other.
AS_GOOD = {"registration_by_outcome": ("one_decision_waits_for_a_client",)}


@pytest.mark.parametrize("index", READINGS)
def test_an_index_answers(acme: Organization, pair: tuple[str, str], index: str) -> None:
    """Few rows are read faster without any, so the planner may not."""
    with connection.cursor() as cursor:
        for way in ("seqscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = READINGS[index]().explain()
    assert any(name in plan for name in (index, *AS_GOOD.get(index, ())))
