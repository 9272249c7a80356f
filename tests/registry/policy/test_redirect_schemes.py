"""Rules U2 and U3: by which scheme a redirection URI is reached."""

from dataclasses import replace

import pytest

from registry.policy.presets import BASELINE
from registry.policy.redirect_schemes import DENIED_SCHEMES
from tests.registry.policy.judging import broken, of_uri

LOCALHOST = replace(BASELINE, allow_localhost=True)


def native(text: str) -> dict[str, object]:
    return {"redirect_uris": [text], "application_type": "native", "token_endpoint_auth_method": "none"}


class TestU2PlainHttp:
    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "127.0.0.1:51004", "[::1]:1"])
    def test_accepts_loopback_of_native_applications(self, host: str) -> None:
        assert not of_uri("U2.plain_http", f"http://{host}/cb", "native")
        assert not broken(native(f"http://{host}/cb"))  # type: ignore[arg-type]

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
    def test_refuses_loopback_of_web_applications(self, host: str) -> None:
        assert of_uri("U2.plain_http", f"http://{host}/cb", "web")

    @pytest.mark.parametrize(
        "host",
        [
            "rp.example",
            "127.0.0.1.evil.example",
            "127.0.0.2",
            "127.1",
            "0.0.0.0",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "2130706433",
            "0x7f.0.0.1",
            "localhost.evil.example",
            "127.0.0.1.",
            "[::1%25lo]",
        ],
    )
    def test_refuses_every_other_host(self, host: str) -> None:
        assert of_uri("U2.plain_http", f"http://{host}/cb", "native")

    def test_does_not_mind_https(self) -> None:
        assert not of_uri("U2.plain_http", "https://rp.example/cb")


class TestU2Localhost:
    @pytest.mark.parametrize("application_type", ["web", "native"])
    @pytest.mark.parametrize(
        "text", ["http://localhost/", "https://localhost/", "http://LOCALHOST:1/", "http://a.localhost/"]
    )
    def test_refuses(self, text: str, application_type: str) -> None:
        assert of_uri("U2.localhost", text, application_type)

    @pytest.mark.parametrize(
        "text", ["https://localhost.rp.example/", "https://mylocalhost/", "http://127.0.0.1/"]
    )
    def test_accepts(self, text: str) -> None:
        assert not of_uri("U2.localhost", text)

    @pytest.mark.parametrize(
        ("text", "application_type", "refused"),
        [
            ("http://localhost/cb", "native", False),
            ("http://localhost:3000/cb", "native", False),
            ("http://localhost/cb", "web", True),
            ("https://localhost/cb", "native", True),
            ("http://a.localhost/cb", "native", True),
        ],
    )
    def test_follows_the_parameter_exactly(self, text: str, application_type: str, *, refused: bool) -> None:
        assert of_uri("U2.localhost", text, application_type, parameters=LOCALHOST) is refused

    def test_that_is_allowed_is_acceptable_to_all(self) -> None:
        assert not broken(native("http://localhost:3000/cb"), parameters=LOCALHOST)  # type: ignore[arg-type]


class TestU3DeniedScheme:
    @pytest.mark.parametrize("scheme", sorted(DENIED_SCHEMES))
    @pytest.mark.parametrize("application_type", ["web", "native"])
    def test_refuses(self, scheme: str, application_type: str) -> None:
        for text in (f"{scheme}:a", f"{scheme.title()}://a", f" {scheme}:a", f"{scheme[:2]}\n{scheme[2:]}:a"):
            assert of_uri("U3.denied_scheme", text, application_type)

    @pytest.mark.parametrize(
        "text", ["https://rp.example/javascript:a", "javascripts:a", "javascript.example:/cb"]
    )
    def test_accepts(self, text: str) -> None:
        assert not of_uri("U3.denied_scheme", text)


class TestU3NativeOnly:
    def test_depends_on_the_application_type(self) -> None:
        assert of_uri("U3.native_only", "example.rp:/cb", "web")
        assert not of_uri("U3.native_only", "example.rp:/cb", "native")

    @pytest.mark.parametrize("text", ["https://rp.example/", "http://127.0.0.1/"])
    def test_does_not_mind_web_schemes(self, text: str) -> None:
        assert not of_uri("U3.native_only", text, "web")


class TestU3ReverseDomain:
    @pytest.mark.parametrize("scheme", ["myapp", "a..b", "a.", "a+b.c", "example.-a"])
    def test_refuses(self, scheme: str) -> None:
        assert of_uri("U3.reverse_domain", f"{scheme}:/cb", "native")

    @pytest.mark.parametrize("scheme", ["com.example.app", "example.rp", "EXAMPLE.Rp", "example.my-app"])
    def test_accepts(self, scheme: str) -> None:
        assert not of_uri("U3.reverse_domain", f"{scheme}:/cb", "native")


class TestU3ProvedDomain:
    @pytest.mark.parametrize(
        "scheme", ["com.example.app", "example.rpx", "rp.example", "example", "example.r"]
    )
    def test_refuses(self, scheme: str) -> None:
        assert of_uri("U3.proved_domain", f"{scheme}:/cb", "native")

    @pytest.mark.parametrize("scheme", ["example.rp", "example.rp.app", "Example.RP.a.b"])
    def test_accepts(self, scheme: str) -> None:
        assert not of_uri("U3.proved_domain", f"{scheme}:/cb", "native")


class TestU3SingleSlash:
    @pytest.mark.parametrize("rest", ["//cb", "///cb", "cb", "", "?a", "#a"])
    def test_refuses(self, rest: str) -> None:
        assert of_uri("U3.single_slash", f"example.rp:{rest}", "native")

    @pytest.mark.parametrize("rest", ["/", "/cb", "/cb?a=b"])
    def test_accepts(self, rest: str) -> None:
        assert not of_uri("U3.single_slash", f"example.rp:{rest}", "native")
