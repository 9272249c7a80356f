import pytest

from registry.models import Client
from registry.policy.engine import RULES
from tests import world

pytestmark = pytest.mark.django_db


def test_every_rule_is_listed_with_its_source(api):
    found = api.get("policies/current/rules", preset="baseline", environment="sandbox").json()
    assert found["policy_version"] == "baseline-1"
    assert [(rule["id"], rule["source"]) for rule in found["rules"]] == [
        (rule.id, rule.source) for rule in RULES
    ]
    count = next(rule for rule in found["rules"] if rule["id"] == "U1.count")
    assert (count["kind"], count["mode"], count["is_switchable"], count["parameters"]) == (
        "refuse",
        "enforce",
        True,
        {"maximum_redirect_uris": 20},
    )


def test_what_is_no_environment_is_refused(api):
    assert api.get("policies/current/rules", environment="moon").status_code == 422


class TestLint:
    def lint(self, api, acme, **members):
        body = {"environment": "sandbox", "metadata": world.metadata(acme, **members)}
        return api.post(f"organizations/{acme.slug}/lint", body)

    def test_tells_what_registration_would_say(self, api, acme):
        found = self.lint(api, acme, redirect_uris=["https://elsewhere.example/cb"]).json()
        assert (found["is_acceptable"], found["policy_version"]) == (False, "baseline-1")
        (finding,) = found["findings"]
        assert (finding["member"], finding["rule"]) == ("redirect_uris[0]", "U4.proved_domain")

    def test_tells_the_effective_metadata(self, api, acme):
        found = self.lint(api, acme, client_name="Cafe\u0301").json()
        assert (found["is_acceptable"], found["findings"], found["monitored"]) == (True, [], [])
        assert found["metadata"]["client_name"] == "Caf\u00e9"
        assert [each["rule"] for each in found["replaced"]] == ["D1.normal_form"]

    def test_registers_nothing(self, api, acme):
        before = Client.objects.count()
        assert self.lint(api, acme).status_code == 200
        assert Client.objects.count() == before

    def test_knows_organizations_alone(self, api, acme):
        body = {"environment": "sandbox", "metadata": {}}
        assert api.post("organizations/nobody/lint", body).status_code == 404
