"""Rule U1: how a redirection URI is written. Hundreds of spellings more stand in tests/vectors/redirect_uris.json."""

import pytest

from registry.policy.redirect_uris import RESPONSE_PARAMETERS
from tests.registry.policy.judging import SOUND, broken, objects, of_uri, says

HOST = "https://rp.example"


class TestU1Count:
    @pytest.mark.parametrize(
        ("number", "refused"), [(0, False), (1, False), (20, False), (21, True), (500, True)]
    )
    def test_is_at_most_twenty(self, number: int, *, refused: bool) -> None:
        document = {"redirect_uris": [f"{HOST}/{n}" for n in range(number)]}
        assert objects("U1.count", document) is refused  # type: ignore[arg-type]

    def test_findings_stay_few_for_a_long_list(self) -> None:
        assert len(broken({"redirect_uris": ["javascript:#"] * 5000})) < 20

    def test_names_the_list(self) -> None:
        (finding,) = says("U1.count", {"redirect_uris": [f"{HOST}/{n}" for n in range(21)]})
        assert finding.member == "redirect_uris"


class TestU1Repeated:
    def test_refuses_the_same_string(self) -> None:
        assert objects("U1.repeated", {"redirect_uris": [f"{HOST}/a", f"{HOST}/a"]})

    @pytest.mark.parametrize("other", [f"{HOST}/A", f"{HOST}/a/", f"{HOST}/a?", "https://RP.example/a"])
    def test_compares_by_simple_string(self, other: str) -> None:
        assert not objects("U1.repeated", {"redirect_uris": [f"{HOST}/a", other]})


class TestU1Length:
    @pytest.mark.parametrize(
        ("length", "refused"), [(2047, False), (2048, False), (2049, True), (60_000, True)]
    )
    def test_is_at_most_2048(self, length: int, *, refused: bool) -> None:
        assert of_uri("U1.length", f"{HOST}/".ljust(length, "a")) is refused

    def test_other_rules_leave_a_long_uri_alone(self) -> None:
        assert broken(SOUND | {"redirect_uris": ["x#".ljust(3000, "a")]}) == {"U1.length"}


class TestU1Absolute:
    @pytest.mark.parametrize(
        "text", ["", "/cb", "//rp.example/cb", "cb", "https:/cb", "https:///cb", "https:", ":"]
    )
    def test_refuses(self, text: str) -> None:
        assert of_uri("U1.absolute", text)

    @pytest.mark.parametrize("text", [HOST, "com.example:/cb", "http://[::1]/", "javascript:a"])
    def test_accepts(self, text: str) -> None:
        assert not of_uri("U1.absolute", text)


class TestU1Fragment:
    @pytest.mark.parametrize(
        "text", [f"{HOST}/cb#", f"{HOST}/cb#x", f"{HOST}#", "#", "com.example:/#a", f"{HOST}/ #"]
    )
    def test_refuses(self, text: str) -> None:
        assert of_uri("U1.fragment", text)

    @pytest.mark.parametrize("text", [f"{HOST}/cb", f"{HOST}/%23", f"{HOST}/cb?%23"])
    def test_accepts(self, text: str) -> None:
        assert not of_uri("U1.fragment", text)

    def test_names_the_position(self) -> None:
        (finding,) = says("U1.fragment", {"redirect_uris": [f"{HOST}/a", f"{HOST}/b#"]})
        assert finding.member == "redirect_uris[1]"


class TestU1Userinfo:
    @pytest.mark.parametrize(
        "authority", ["u@h", "u:p@h", "@h", "a@b@c", "h%40evil.example", "h:80@evil.example"]
    )
    def test_refuses(self, authority: str) -> None:
        assert of_uri("U1.userinfo", f"https://{authority}/cb")

    @pytest.mark.parametrize("text", [f"{HOST}/@a", f"{HOST}/cb?a@b", f"{HOST}/%40"])
    def test_accepts(self, text: str) -> None:
        assert not of_uri("U1.userinfo", text)


class TestU1Wildcard:
    @pytest.mark.parametrize(
        "text", ["https://*.rp.example/cb", f"{HOST}/*", f"{HOST}/?*", f"{HOST}:*/", "*"]
    )
    def test_refuses(self, text: str) -> None:
        assert of_uri("U1.wildcard", text)

    def test_accepts(self) -> None:
        assert not of_uri("U1.wildcard", f"{HOST}/%2A")


class TestU1Backslash:
    @pytest.mark.parametrize("text", ["https:\\\\rp.example", f"{HOST}\\@evil.example", f"{HOST}/?\\", "\\"])
    def test_refuses(self, text: str) -> None:
        assert of_uri("U1.backslash", text)

    def test_accepts(self) -> None:
        assert not of_uri("U1.backslash", f"{HOST}/cb")


class TestU1Blank:
    @pytest.mark.parametrize(
        "code", [*range(0x21), *range(0x7F, 0xA1), 0x1680, 0x2000, 0x2028, 0x3000, 0xFEFF]
    )
    def test_refuses_anywhere(self, code: int) -> None:
        for text in (f"{chr(code)}{HOST}", f"{HOST}/a{chr(code)}b", f"{HOST}{chr(code)}"):
            assert of_uri("U1.blank", text)

    def test_accepts(self) -> None:
        assert not of_uri("U1.blank", f"{HOST}/a%20b")


class TestU1Ascii:
    @pytest.mark.parametrize("text", ["https://b\u00fccher.example/", f"{HOST}/\u00fc", f"{HOST}/?\u00fc"])
    def test_refuses(self, text: str) -> None:
        assert of_uri("U1.ascii", text)

    def test_accepts(self) -> None:
        assert not of_uri("U1.ascii", "https://xn--bcher-kva.example/%C3%BC")

    def test_names_the_a_label_in_the_fix(self) -> None:
        (finding,) = says("U1.ascii", {"redirect_uris": ["https://B\u00fccher.rp.example/cb"]})
        assert finding.fix == "Write the host as xn--bcher-kva.rp.example."

    @pytest.mark.parametrize(
        "host", ["\u2603" * 300, "\ufdfa.example", "a\u0000\u00fc", "\u00fc_.example", "\u200d"]
    )
    def test_names_none_where_there_is_none(self, host: str) -> None:
        (finding,) = says("U1.ascii", {"redirect_uris": [f"https://{host}/cb"]})
        assert "A-labels" in finding.fix or finding.fix.startswith("Write the host as xn--")


class TestU1Syntax:
    @pytest.mark.parametrize(
        "text",
        [
            f"{HOST}/%",
            f"{HOST}/%g0",
            f"{HOST}/<a>",
            f"{HOST}/?[]",
            f"{HOST}:a/",
            "https://[::1/",
            f"{HOST}/|",
        ],
    )
    def test_refuses(self, text: str) -> None:
        assert of_uri("U1.syntax", text)

    @pytest.mark.parametrize("text", [f"{HOST}/a;b=c,d(e)'!$&+?f=/g:h@i&j=%20-._~", "http://[::1]:8400/"])
    def test_accepts(self, text: str) -> None:
        assert not of_uri("U1.syntax", text)


class TestU1Host:
    @pytest.mark.parametrize(
        "host",
        [
            "rp.example.",
            ".rp.example",
            "a..b",
            "a_b.example",
            "-a.example",
            "a-.example",
            "127.1",
            "2130706433",
            "0x7f",
            "10.0.0.1",
            "[::1]",
            "a%2eb",
            "xn--a.example",
            "xn--",
            "a;b.example",
            "a" * 64 + ".example",
        ],
    )
    def test_refuses(self, host: str) -> None:
        assert of_uri("U1.host", f"https://{host}/cb")

    @pytest.mark.parametrize(
        "host", ["rp.example", "1.example", "a" * 63 + ".example", "xn--bcher-kva.example", "RP"]
    )
    def test_accepts(self, host: str) -> None:
        assert not of_uri("U1.host", f"https://{host}/cb")

    @pytest.mark.parametrize(("length", "refused"), [(253, False), (254, True)])
    def test_is_at_most_253_characters(self, length: int, *, refused: bool) -> None:
        host = ("a." * 200)[: length - 8] + ".example"
        host = host.replace("..", "a.")
        assert len(host) == length
        assert of_uri("U1.host", f"https://{host}/cb") is refused

    def test_leaves_loopback_to_u2(self) -> None:
        assert not of_uri("U1.host", "http://127.0.0.1/cb", "native")


class TestU1Port:
    @pytest.mark.parametrize("port", ["443", "", "0", "08443", "65536", "99999999999999999999"])
    def test_refuses(self, port: str) -> None:
        assert of_uri("U1.port", f"{HOST}:{port}/cb")

    @pytest.mark.parametrize("port", ["port", "5\u00c3", "\u00b2", "\u0663", "8 0", " 80", "+80", "8_0"])
    def test_leaves_to_other_rules_what_is_no_number(self, port: str) -> None:
        assert not of_uri("U1.port", f"{HOST}:{port}/cb")

    @pytest.mark.parametrize("port", ["1", "80", "8443", "65535"])
    def test_accepts(self, port: str) -> None:
        assert not of_uri("U1.port", f"{HOST}:{port}/cb")

    @pytest.mark.parametrize(("port", "refused"), [("80", True), ("443", False), ("51004", False)])
    def test_knows_the_default_of_loopback(self, port: str, *, refused: bool) -> None:
        assert of_uri("U1.port", f"http://127.0.0.1:{port}/cb", "native") is refused


class TestU1DotSegments:
    @pytest.mark.parametrize("path", ["/..", "/.", "/a/../b", "/%2e", "/%2E%2e/", "/.%2e", "/%2e./a"])
    def test_refuses(self, path: str) -> None:
        assert of_uri("U1.dot_segments", HOST + path)

    @pytest.mark.parametrize("path", ["/...", "/.a", "/a..", "/a/.well-known", "/?a=/../", "/%2e%2e%2e"])
    def test_accepts(self, path: str) -> None:
        assert not of_uri("U1.dot_segments", HOST + path)


class TestU1EncodedSlash:
    @pytest.mark.parametrize("path", ["/a%2fb", "/a%2Fb", "/a%5cb", "/a%5Cb"])
    def test_refuses(self, path: str) -> None:
        assert of_uri("U1.encoded_slash", HOST + path)

    @pytest.mark.parametrize("path", ["/?a=%2f", "/%252f"])
    def test_accepts(self, path: str) -> None:
        assert not of_uri("U1.encoded_slash", HOST + path)


class TestU1EncodedControl:
    @pytest.mark.parametrize("code", [*range(0x20), 0x7F])
    def test_refuses(self, code: int) -> None:
        assert of_uri("U1.encoded_control", f"{HOST}/%{code:02x}")
        assert of_uri("U1.encoded_control", f"{HOST}/?a=%{code:02X}")

    @pytest.mark.parametrize("path", ["/%20", "/%7e", "/%C3%80", "/%2500"])
    def test_accepts(self, path: str) -> None:
        assert not of_uri("U1.encoded_control", HOST + path)


class TestU1ResponseParameter:
    @pytest.mark.parametrize("name", sorted(RESPONSE_PARAMETERS))
    def test_refuses_each(self, name: str) -> None:
        assert of_uri("U1.response_parameter", f"{HOST}/cb?a=b&{name}=x")

    @pytest.mark.parametrize(
        "query", ["code", "code&a", "a;code=1", "%63ode=1", "c%6Fde", "a=b&&state=", "iss=#x"]
    )
    def test_refuses_each_spelling(self, query: str) -> None:
        assert of_uri("U1.response_parameter", f"{HOST}/cb?{query}")

    @pytest.mark.parametrize(
        "query", ["", "a=code", "a=b?code=1", "Code=1", "code_=1", "x%26code=1", "a=%26code=1"]
    )
    def test_accepts_another_name(self, query: str) -> None:
        assert not of_uri("U1.response_parameter", f"{HOST}/cb?{query}")

    def test_is_a_finding_of_its_own(self) -> None:
        assert broken(SOUND | {"redirect_uris": [f"{HOST}/cb?state=1"]}) == {"U1.response_parameter"}

    def test_names_the_position(self) -> None:
        (finding,) = says("U1.response_parameter", {"redirect_uris": [f"{HOST}/cb", f"{HOST}/cb?iss=1"]})
        assert finding.member == "redirect_uris[1]"
