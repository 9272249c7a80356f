"""Shapes of the policy: every rule as it is in force, and what rules would say of a document."""

from rest_framework.serializers import BooleanField, ChoiceField, DictField

from portal.api.shapes.base import ENVIRONMENTS, ProblemFinding, Shape, Text
from registry.policy.presets import PRESETS
from registry.policy.rule import Kind
from registry.policy.versions import Mode
from registry.states import Route

ROUTES = [route.value for route in Route]


class RulesWanted(Shape):
    preset = ChoiceField(sorted(PRESETS), required=False)
    environment = ChoiceField(ENVIRONMENTS, required=False)
    route = ChoiceField(ROUTES, required=False)


class Rule(Shape):
    id = Text()
    title = Text()
    source = Text()  # type: ignore[assignment]  # a member, not the field's own source
    kind = ChoiceField([kind.value for kind in Kind])
    mode = ChoiceField([mode.value for mode in Mode])
    is_switchable = BooleanField(help_text="Whether a policy version may watch it or switch it off")
    parameters = DictField(help_text="The values that it reads, by name")


class Rules(Shape):
    policy_version = Text()
    rules = Rule(many=True)


class LintWanted(Shape):
    environment = ChoiceField(ENVIRONMENTS)
    route = ChoiceField(ROUTES, required=False)
    metadata = DictField(help_text="The body that would be sent to the registration endpoint")


class Replacement(Shape):
    member = Text()
    why = Text()
    rule = Text()
    source = Text()  # type: ignore[assignment]  # a member, not the field's own source


class Linted(Shape):
    """What registration would say now. Nothing is kept."""

    policy_version = Text(help_text="Empty where the document could not be read")
    is_acceptable = BooleanField()
    metadata = DictField(help_text="The effective metadata")
    replaced = Replacement(many=True)
    findings = ProblemFinding(many=True, help_text="What would refuse it")
    monitored = ProblemFinding(many=True, help_text="What rules say that are only watched")
