"""The one parser: it splits as RFC 3986 does, finds every fault, and never raises."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.policy import uri
from registry.policy.uri import Problem
from tests.anything import unhurried

# RFC 3986 Appendix B, word for word.
APPENDIX_B = re.compile(r"^(([^:/?#]+):)?(//([^/?#]*))?([^?#]*)(\?([^#]*))?(#(.*))?", re.DOTALL)
TEXTS = st.text(st.sampled_from("ab:/?#@[]%.~*\\ 0\u00fc\n")) | st.text(max_size=30)


class TestParse:
    @unhurried
    @given(TEXTS)
    def test_splits_as_appendix_b(self, text: str) -> None:
        match = APPENDIX_B.match(text)
        assert match is not None
        parsed = uri.parse(text)
        assert (parsed.scheme, parsed.authority, parsed.path, parsed.query, parsed.fragment) == (
            (match[2] or "").lower(),
            match[4],
            match[5],
            match[7],
            match[9],
        )

    @pytest.mark.parametrize(
        ("authority", "userinfo", "host", "port"),
        [
            ("rp.example", None, "rp.example", None),
            ("RP.Example:8443", None, "rp.example", "8443"),
            ("a@b@c:1", "a@b", "c", "1"),
            ("u:p@h", "u:p", "h", None),
            ("@", "", "", None),
            (":1", None, "", "1"),
            ("h:", None, "h", ""),
            ("[::1]:2", None, "[::1]", "2"),
            ("a:b:c", None, "a", "b:c"),
        ],
    )
    def test_reads_an_authority(
        self, authority: str, userinfo: str | None, host: str, port: str | None
    ) -> None:
        parsed = uri.parse(f"https://{authority}/")
        assert (parsed.userinfo, parsed.host, parsed.port) == (userinfo, host, port)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("https://h/ ", Problem.BLANK),
            ("https://h/\\", Problem.BACKSLASH),
            ("https://h/\u00fc", Problem.NON_ASCII),
            ("1https://h/", Problem.SCHEME),
            ("https://h^/", Problem.AUTHORITY),
            ("https://h:a/", Problem.PORT),
            ("https://h/^", Problem.PATH),
            ("https://h/?^", Problem.QUERY),
            ("https://h/#^", Problem.QUERY),
        ],
    )
    def test_names_one_fault_by_one_problem(self, text: str, problem: Problem) -> None:
        assert uri.parse(text).problems == (problem,)

    @pytest.mark.parametrize(
        "text",
        # RFC 3986 §1.1.2
        [
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "http://www.ietf.org/rfc/rfc2396.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "news:comp.infosystems.www.servers.unix",
            "tel:+1-816-555-1212",
            "telnet://192.0.2.16:80/",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
        ],
    )
    def test_finds_no_fault_in_the_examples_of_the_standard(self, text: str) -> None:
        assert uri.parse(text).problems == ()


class TestIsDnsName:
    @pytest.mark.parametrize("host", ["a", "rp.example", "xn--bcher-kva.example", "1a.example", "a" * 63])
    def test_accepts(self, host: str) -> None:
        assert uri.is_dns_name(host)

    @pytest.mark.parametrize(
        "host", ["", ".", "a.", "A", "a b", "1", "a.1", "a.0x1f", "0x", "a" * 64, "xn--a", "\u00fc"]
    )
    def test_refuses(self, host: str) -> None:
        assert not uri.is_dns_name(host)

    @unhurried
    @given(st.text(max_size=40) | st.text(st.sampled_from("xn-a0.")))
    def test_raises_nothing(self, host: str) -> None:
        assert uri.is_dns_name(host) in (True, False)


class TestALabel:
    @pytest.mark.parametrize(
        ("host", "label"), [("RP.example", "rp.example"), ("B\u00fccher.example", "xn--bcher-kva.example")]
    )
    def test_is_lower_case_ascii(self, host: str, label: str) -> None:
        assert uri.a_label(host) == label

    @unhurried
    @given(st.text(max_size=40))
    def test_raises_nothing(self, host: str) -> None:
        label = uri.a_label(host)
        assert label is None or label.isascii()


class TestBareScheme:
    @pytest.mark.parametrize(
        "text", ["javascript:a", " JaVaScRiPt:", "java\tscr\nipt:a", "\x00\x1fjavascript:a"]
    )
    def test_sees_what_a_browser_sees(self, text: str) -> None:
        assert uri.bare_scheme(text) == "javascript"
