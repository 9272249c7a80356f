"""What the environment says of outgoing calls: read whole, or the start stops."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.config.environment import EgressPeer, env_peers, env_ports, env_proxy

NAME = "CONCORDAT_OF_A_TEST"


class TestPeers:
    def test_are_hosts_ports_and_files(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        file = tmp_path / "ca.pem"
        file.write_text("")
        monkeypatch.setenv(NAME, f"LOCALHOST:9443={file}, idp.internal:443,[::1]:8443")
        assert env_peers(NAME) == (
            EgressPeer("localhost", 9443, str(file)),
            EgressPeer("idp.internal", 443, ""),
            EgressPeer("::1", 8443, ""),
        )

    def test_are_none_unless_set(self) -> None:
        assert env_peers(NAME) == ()

    @pytest.mark.parametrize("text", ["localhost", ":443", "a:b", "a:443=/nowhere/ca.pem", "https://a:443/"])
    def test_of_another_form_stop_the_start(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        monkeypatch.setenv(NAME, text)
        with pytest.raises(ImproperlyConfigured, match=NAME):
            env_peers(NAME)


class TestPorts:
    def test_are_numbers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert env_ports(NAME, "443,8443") == {443, 8443}
        monkeypatch.setenv(NAME, "443, x")
        with pytest.raises(ImproperlyConfigured, match=NAME):
            env_ports(NAME, "")


class TestProxy:
    @pytest.mark.parametrize("url", ["", "http://proxy.internal:3128"])
    def test_is_http_or_none(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv(NAME, url)
        assert env_proxy(NAME) == url

    @pytest.mark.parametrize(
        "url", ["https://proxy.internal", "proxy.internal:3128", "socks5://a:1", "http://"]
    )
    def test_of_another_kind_stops_the_start(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv(NAME, url)
        with pytest.raises(ImproperlyConfigured, match=NAME):
            env_proxy(NAME)
