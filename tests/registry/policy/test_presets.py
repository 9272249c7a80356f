"""The presets are what they are called."""

from registry.policy.presets import BASELINE, POLICY_VERSION, PRESETS, AssertionAudience


class TestBaseline:
    def test_is_named_by_its_version(self) -> None:
        assert (BASELINE.name, BASELINE.version, POLICY_VERSION) == ("baseline", "baseline-1", "baseline-1")
        assert PRESETS == {"baseline": BASELINE}

    def test_holds_what_the_profile_asks_for(self) -> None:
        assert BASELINE.signing_algs == {"PS256", "ES256", "EdDSA"}
        assert BASELINE.auth_methods == {
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
            "none",
        }
        assert BASELINE.require_pkce
        assert BASELINE.rotate_refresh_tokens
        assert not BASELINE.allow_localhost
        assert BASELINE.assertion_audience is AssertionAudience.ISSUER
        assert BASELINE.access_token_seconds == 300
