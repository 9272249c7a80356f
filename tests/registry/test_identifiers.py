"""Identifiers that we make: ordered, unguessable, and never taken for one another."""

from uuid import UUID

import pytest

from registry import identifiers
from registry.policy.client_ids import client_id_is_ours


class TestUuid7:
    def test_is_of_its_version_and_variant(self) -> None:
        made = identifiers.uuid7()
        assert (made.version, made.variant) == (7, "specified in RFC 4122")

    def test_is_ordered_by_time_and_unique(self) -> None:
        made = [identifiers.uuid7() for _ in range(200)]
        assert len(set(made)) == 200
        assert sorted(one.int >> 80 for one in made) == [one.int >> 80 for one in made]


class TestClientId:
    def test_is_no_url_no_uuid_and_no_address(self) -> None:
        made = identifiers.new_client_id()
        assert client_id_is_ours(made)
        assert made.startswith("c_")
        assert not set(made) & set(":/@.?#")
        with pytest.raises(ValueError, match="badly formed"):
            UUID(made)

    def test_is_another_each_time(self) -> None:
        assert len({identifiers.new_client_id() for _ in range(100)}) == 100


class TestCredential:
    def test_has_256_bits_behind_its_prefix(self) -> None:
        made = identifiers.new_credential("pri_")
        assert made.startswith("pri_")
        assert len(made) == 4 + 43
        assert made.isascii()

    def test_rests_as_a_keyed_digest(self) -> None:
        """Without the deployment's key, nobody can compute it from the value."""
        import hashlib

        value = identifiers.new_credential("pri_")
        assert identifiers.digest(value) == identifiers.digest(value)
        assert identifiers.digest(value) != hashlib.sha256(value.encode()).hexdigest()
        assert identifiers.digest(value) != identifiers.digest(value + " ")

    @pytest.mark.parametrize("value", ["", "\x00", "\ud800", "é", "x" * 100_000])
    def test_of_any_text_has_a_digest(self, value: str) -> None:
        assert len(identifiers.digest(value)) == 64
