"""Rule S1: what a client may ask for."""

import pytest

from tests.registry.policy.judging import MACHINE, judge, objects, says


class TestS1Syntax:
    @pytest.mark.parametrize(
        "scope", [" a", "a ", "a  b", "a\tb", "a\nb", 'a"b', "a\\b", "\u00e9", "a\u00a0b"]
    )
    def test_refuses(self, scope: str) -> None:
        assert objects("S1.syntax", {"scope": scope})

    @pytest.mark.parametrize("scope", ["a", "a b", "urn:x:y https://rp.example/scope", "!#[]~"])
    def test_accepts(self, scope: str) -> None:
        assert not objects("S1.syntax", {"scope": scope})


class TestS1Entitled:
    @pytest.mark.parametrize(
        "scope",
        ["admin", "accounts:read admin", "ACCOUNTS:READ", "accounts", "*", "accounts:read,payments:write"],
    )
    def test_refuses(self, scope: str) -> None:
        assert objects("S1.entitled", {"scope": scope})

    @pytest.mark.parametrize(
        "scope", ["accounts:read", "payments:write accounts:read", "accounts:read accounts:read"]
    )
    def test_accepts(self, scope: str) -> None:
        assert not objects("S1.entitled", {"scope": scope})

    def test_counts_but_does_not_echo(self) -> None:
        (finding,) = says("S1.entitled", {"scope": "accounts:read evil-one evil-two"})
        assert "evil" not in finding.found + finding.fix
        assert "2 in all, the first at place 2" in finding.found
        assert finding.fix == "The organization holds: accounts:read payments:write."


class TestS1GrantType:
    ROLES = {
        "client_credentials": frozenset({"accounts:read"}),
        "authorization_code": frozenset({"payments:write"}),
    }

    @pytest.mark.parametrize(
        ("scope", "grant_types", "objected"),
        [
            ("accounts:read", ["client_credentials"], False),
            ("payments:write", ["client_credentials"], True),
            ("accounts:read payments:write", ["client_credentials"], True),
            ("accounts:read payments:write", ["client_credentials", "authorization_code"], False),
            ("accounts:read", ["authorization_code", "refresh_token"], True),
        ],
    )
    def test_judges_scopes_with_grant_types(
        self, scope: str, grant_types: list[str], *, objected: bool
    ) -> None:
        asked = {"scope": scope, "grant_types": grant_types}
        assert bool(objects("S1.grant_type", asked, scopes_by_grant_type=self.ROLES)) is objected

    def test_leaves_what_nobody_holds_to_another_rule(self) -> None:
        assert not objects("S1.grant_type", {"scope": "admin"}, scopes_by_grant_type=self.ROLES)

    def test_needs_the_roles(self) -> None:
        assert not objects("S1.grant_type", {"scope": "payments:write"}, scopes_by_grant_type=None)


class TestS1Default:
    def test_gives_the_default_and_not_all(self) -> None:
        judgement = judge(MACHINE, default_scopes=frozenset({"payments:write"}))
        assert judgement.metadata.scope == "payments:write"
        assert [each.rule for each in judgement.replaced] == ["S1.default"]

    def test_leaves_what_was_asked_for(self) -> None:
        judgement = judge(MACHINE | {"scope": "payments:write"})
        assert judgement.metadata.scope == "payments:write"
        assert judgement.replaced == ()

    def test_without_a_default_there_is_none(self) -> None:
        judgement = judge(MACHINE, default_scopes=frozenset())
        assert judgement.metadata.scope is None
        assert judgement.is_acceptable
