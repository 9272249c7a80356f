"""Rule D1: what people will be shown of a client."""

import pytest

from registry.policy.display import LINKS
from tests.registry.policy.judging import MACHINE, judge, objects, says

PAGE = "https://www.rp.example/"


class TestD1Length:
    @pytest.mark.parametrize("member", [*LINKS, "logo_uri#de"])
    @pytest.mark.parametrize(("length", "refused"), [(2048, False), (2049, True)])
    def test_is_at_most_2048(self, member: str, length: int, *, refused: bool) -> None:
        assert objects("D1.length", {member: PAGE.ljust(length, "a")}) is refused


class TestD1Https:
    @pytest.mark.parametrize("member", [*LINKS, "tos_uri#fr"])
    @pytest.mark.parametrize(
        "text", ["http://rp.example/", "javascript:a", "data:,a", "/a", "x", "https:///", "https://a b/"]
    )
    def test_refuses(self, member: str, text: str) -> None:
        (finding,) = says("D1.https", {member: text})
        assert finding.member == member

    @pytest.mark.parametrize("text", [PAGE, "https://other.example:8443/a?b#c", "HTTPS://rp.example"])
    def test_accepts(self, text: str) -> None:
        assert not objects("D1.https", {"client_uri": text})


class TestD1Userinfo:
    @pytest.mark.parametrize("authority", ["a@rp.example", "@rp.example", "rp.example%40evil.example"])
    def test_refuses(self, authority: str) -> None:
        assert objects("D1.userinfo", {"client_uri": f"https://{authority}/"})

    def test_accepts(self) -> None:
        assert not objects("D1.userinfo", {"client_uri": f"{PAGE}@us"})


class TestD1Host:
    @pytest.mark.parametrize(
        "host", ["localhost", "10.0.0.1", "[::1]", "co.uk", "a_b.example", "2130706433", "rp.example."]
    )
    def test_refuses(self, host: str) -> None:
        assert objects("D1.host", {"logo_uri": f"https://{host}/logo.png"})

    @pytest.mark.parametrize("host", ["rp.example", "cdn.other.example", "xn--bcher-kva.example"])
    def test_accepts(self, host: str) -> None:
        assert not objects("D1.host", {"logo_uri": f"https://{host}/logo.png"})


class TestD1Domain:
    @pytest.mark.parametrize("member", ["client_uri", "logo_uri", "policy_uri", "tos_uri", "tos_uri#de"])
    def test_refuses_others_domains(self, member: str) -> None:
        for host in ("other.example", "evilrp.example", "rp.example.evil.example"):
            (finding,) = says("D1.domain", {member: f"https://{host}/x"})
            assert finding.member == member

    @pytest.mark.parametrize("host", ["rp.example", "www.rp.example", "RP.example:8443"])
    def test_accepts_hosts_at_and_under_a_proved_domain(self, host: str) -> None:
        assert not objects("D1.domain", {"logo_uri": f"https://{host}/logo.png"})

    def test_accepts_none_while_none_is_proved(self) -> None:
        assert objects("D1.domain", {"client_uri": "https://rp.example/"}, proved_domains=frozenset())


class TestD1NormalForm:
    def test_composes_names(self) -> None:
        judgement = judge(
            MACHINE | {"client_name": "Cafe\u0301", "client_name#fr": "e\u0301", "scope": "accounts:read"}
        )
        assert judgement.metadata.client_name == "Caf\u00e9"
        assert judgement.metadata.localized == (("client_name#fr", "\u00e9"),)
        assert {each.rule for each in judgement.replaced} == {"D1.normal_form"}

    def test_leaves_composed_names(self) -> None:
        assert not judge(MACHINE | {"client_name": "Caf\u00e9", "scope": "accounts:read"}).replaced


INVISIBLE = [
    "\u0000",
    "\u001b",
    "\u007f",
    "\u0085",
    "\u00ad",
    "\u061c",
    "\u200b",
    "\u200e",
    "\u2028",
    "\u202e",
    "\u2060",
]
INVISIBLE += ["\u2066", "\ufeff", "\ufff9", "\ue000", "\uffff", "\U000e0041", "\ud800"]


class TestD1Text:
    @pytest.mark.parametrize("character", INVISIBLE)
    @pytest.mark.parametrize("member", ["client_name", "client_name#de"])
    def test_refuses(self, member: str, character: str) -> None:
        assert objects("D1.text", {member: f"Ac{character}me"})

    @pytest.mark.parametrize("name", [" Acme", "Acme ", "\u3000Acme", "   "])
    def test_refuses_blank_ends(self, name: str) -> None:
        assert objects("D1.text", {"client_name": name})

    @pytest.mark.parametrize(
        "name",
        [
            "Acme",
            "Caf\u00e9 24",
            "\u30af\u30e9",
            "\u0622\u200c\u0647",
            "\U0001f469\u200d\U0001f4bb",
            "\u05d0\u05d1",
        ],
    )
    def test_accepts(self, name: str) -> None:
        assert not objects("D1.text", {"client_name": name})


class TestD1Contacts:
    @pytest.mark.parametrize("contact", ["a@b\r\nBcc: c@d", "a\u202eb", " a@b"])
    def test_refuses(self, contact: str) -> None:
        (finding,) = says("D1.contacts", {"contacts": ["ops@rp.example", contact]})
        assert finding.member == "contacts[1]"

    def test_accepts(self) -> None:
        assert not objects("D1.contacts", {"contacts": ["ops@rp.example", "tel:+15550100"]})


class TestD1Software:
    @pytest.mark.parametrize("member", ["software_id", "software_version"])
    def test_refuses(self, member: str) -> None:
        assert objects("D1.software", {member: "a\u0007"})
        assert objects("D1.software", {member: "a\u200b"})
        assert objects("D1.software", {member: " a"})

    def test_accepts(self) -> None:
        assert not objects(
            "D1.software", {"software_id": "4NRB1-0XZABZI9E6-5SM3R", "software_version": "2.1 beta"}
        )
