"""Rule O1: what an organization has to have accepted."""

import pytest

from registry.states import Route, Verb
from tests.registry.policy.judging import MACHINE, objects


class TestO1Terms:
    @pytest.mark.parametrize("route", Route)
    def test_is_asked_of_a_new_client_in_production_by_every_route(self, route: Route) -> None:
        assert objects("O1.terms", MACHINE, terms_outstanding="4", route=route)
        assert not objects("O1.terms", MACHINE, terms_outstanding="", route=route)

    def test_leaves_what_exists_alone(self) -> None:
        assert not objects("O1.terms", MACHINE, terms_outstanding="4", verb=Verb.REPLACE)
