"""Reading what a machine sends, without a door: one bearer value, one pair of credentials, parameters, a body."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from portal.protocol import requests
from portal.protocol.validator import redirect_uri_is_registered
from registry.errors import InvalidClient, MalformedForm
from tests import world
from tests.software import InProcess

MAKE = RequestFactory()


class TestBearer:
    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("Bearer abc", "abc"),
            ("bearer abc", "abc"),
            ("Bearer  abc ", "abc"),
            ("Bearer a-._~+/b==", "a-._~+/b=="),
            ("Bearer", ""),
            ("Bearer ", ""),
            ("Bearer a b", ""),
            ("Bearer a=b", ""),
            ("Bearer é", ""),
            ("Basic abc", ""),
            ("", ""),
        ],
    )
    def test_is_one_value_of_its_grammar(self, header: str, value: str) -> None:
        assert requests.bearer(MAKE.get("/", HTTP_AUTHORIZATION=header)) == value

    def test_is_none_without_a_header(self) -> None:
        assert requests.bearer(MAKE.get("/")) is None


class TestBasic:
    @pytest.mark.parametrize(
        ("identifier", "secret"), [("a", "b"), ("a", ""), ("", "b"), ("a", "b:c"), ("é", "ü"), ("a b", "c+d")]
    )
    def test_is_form_encoded(self, identifier: str, secret: str) -> None:
        pair = (
            urlencode({identifier: secret}).split("=", 1) if identifier else ["", urlencode({"": secret})[1:]]
        )
        assert requests.basic(world.basic(*pair)) == (identifier, secret)

    @pytest.mark.parametrize(
        "header", ["", "Basic", "Basic a", "Basic YQ==", "Bearer YTpi", "Basic /w==", "Basic Y TpI"]
    )
    def test_is_refused_when_it_cannot_be_read(self, header: str) -> None:
        with pytest.raises(InvalidClient):
            requests.basic(header)


class TestParameters:
    def test_drop_those_without_a_value(self) -> None:
        assert requests.parameters(QueryDict("a=1&b=&c&d=+")) == {"a": "1", "d": " "}

    @pytest.mark.parametrize(
        "query", ["a=1&a=1", "a=1&a=", "a=&a=", "a=%00", "%00=a", "a=%FF", "a=%ED%A0%80"]
    )
    def test_stand_once_and_are_text(self, query: str) -> None:
        with pytest.raises(MalformedForm):
            requests.parameters(QueryDict(query))


class TestBody:
    @pytest.mark.parametrize(
        ("octets", "read"), [(0, 0), (65_536, 65_536), (65_537, 65_537), (900_000, 65_537)]
    )
    def test_is_read_to_one_octet_beyond_the_limit(self, octets: int, read: int) -> None:
        request: Any = MAKE.generic("POST", "/", b"a" * octets)
        assert len(requests.read_body(request)) == read

    @pytest.mark.parametrize("length", ["", "0", "-1"])
    def test_of_no_sensible_length_is_what_django_reads(self, length: str) -> None:
        request: Any = MAKE.generic("POST", "/", b"")
        request.META["CONTENT_LENGTH"] = length
        assert requests.read_body(request) == b""

    @pytest.mark.parametrize("length", ["9" * 5000, "٣"])
    def test_of_no_sensible_length_ends_in_no_error(self, length: str) -> None:
        answer = InProcess().post("/token", body=b"", headers={"Content-Length": length})
        assert answer.status in {400, 413, 415}


class TestRedirectUriIsRegistered:
    WEB = {"redirect_uris": ["https://a.example/cb"], "application_type": "web"}
    NATIVE = {
        "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]:8000/cb?x"],
        "application_type": "native",
    }

    @pytest.mark.parametrize(
        "uri",
        ["https://a.example/cb/", "https://A.example/cb", "https://a.example:443/cb", "http://127.0.0.1/cb"],
    )
    def test_to_the_letter(self, uri: str) -> None:
        assert redirect_uri_is_registered("https://a.example/cb", self.WEB)
        assert not redirect_uri_is_registered(uri, self.WEB)

    @pytest.mark.parametrize(
        ("uri", "ok"),
        [
            ("http://127.0.0.1:1/cb", True),
            ("http://127.0.0.1:65535/cb", True),
            ("http://[::1]/cb?x", True),
            ("http://127.0.0.1:0/cb", False),
            ("http://127.0.0.1:65536/cb", False),
            ("http://127.0.0.1:01/cb", False),
            ("http://127.0.0.1:/cb", False),
            ("http://127.0.0.1:1/cb#", False),
            ("http://127.0.0.1:1/cb?", False),
            ("http://127.0.0.1:1/cbx", False),
            ("http://localhost:1/cb", False),
            ("http://[::ffff:127.0.0.1]:1/cb", False),
            ("http://x@127.0.0.1:1/cb", False),
            ("HTTP://127.0.0.1:1/cb", False),
            ("http://127.0.0.1:1\\@evil.example/cb", False),
            ("http://[::1", False),
        ],
    )
    def test_but_for_the_port_of_a_loopback_literal(self, uri: str, ok: bool) -> None:
        """RFC 8252 §7.3."""
        assert redirect_uri_is_registered(uri, self.NATIVE) is ok
        assert not redirect_uri_is_registered(uri, self.NATIVE | {"application_type": "web"})
