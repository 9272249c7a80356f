"""Forms and fields of both portals: shape only. Whether a value is acceptable is the registry's answer."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator

from registry import strict_json
from registry.errors import MalformedRequest, RequestTooLarge
from registry.organization_facts import FIRST_DAY, LAST_DAY

ENVIRONMENTS = (("sandbox", "Sandbox"), ("production", "Production"))


def mono(**attributes: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "in-mono", "autocomplete": "off", **attributes})


def area(rows: int, **attributes: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attributes})


def day_field(*, label: str, help_text: str = "As 2027-12-31.") -> forms.DateField:
    """A day as ISO text, or left empty: one that has a day before it and one after it."""
    no_day = f"Name a day from {FIRST_DAY} to {LAST_DAY}."
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d", "%d %b %Y"],
        validators=[MinValueValidator(FIRST_DAY, no_day), MaxValueValidator(LAST_DAY, no_day)],
        widget=mono(inputmode="numeric"),
        help_text=help_text,
    )


class MetadataField(forms.CharField):
    """Client metadata as one JSON object (RFC 7591 §2), read as strictly as the registration endpoint reads it."""

    def __init__(self) -> None:
        super().__init__(
            label="Client metadata",
            strip=False,
            widget=area(14, **{"class": "in-mono", "spellcheck": "false"}),
            help_text="One JSON object with the members of RFC 7591, as software would post it.",
        )

    def clean(self, value: Any) -> Any:
        limits = settings.REGISTRY
        text = str(super().clean(value))
        try:
            return strict_json.read(
                text.encode("utf-8", "surrogatepass"),
                max_bytes=limits.registration_body_bytes,
                max_depth=limits.registration_body_depth,
            )
        except (MalformedRequest, RequestTooLarge) as refusal:
            raise forms.ValidationError(f"{refusal.found} {refusal.fix}") from refusal


class InviteForm(forms.Form):
    """A person who is to join an organization."""

    name = forms.CharField(
        label="Name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="The link is mailed there and shown nowhere else.",
    )
    role = forms.ChoiceField(
        label="Role",
        choices=[
            ("organization_admin", "Organization admin"),
            ("organization_developer", "Developer"),
            ("organization_reader", "Reader"),
        ],
    )


class TokenForm(forms.Form):
    """The limits of a new initial access token."""

    environment = forms.ChoiceField(label="Environment", widget=forms.RadioSelect)
    max_uses = forms.IntegerField(
        label="Uses", min_value=1, max_value=100_000, initial=1, help_text="How many clients it may register."
    )
    hours = forms.IntegerField(
        label="Ends after (hours)",
        min_value=1,
        initial=24,
        help_text="168 hours at most, unless the deployment says otherwise.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles it may draw from",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all that the organization holds.",
    )
    allowed_hosts = forms.CharField(
        label="Hosts of redirection URIs",
        required=False,
        widget=area(2, **{"class": "in-mono", "spellcheck": "false"}),
        help_text="One a line, such as app.example. Empty: every proved domain.",
    )
    software_id = forms.CharField(
        label="software_id",
        required=False,
        max_length=255,
        widget=mono(spellcheck="false"),
        help_text="Only this software may register with it. Empty: any.",
    )

    field_order: Sequence[str] = ("environment", "max_uses", "hours", "roles", "allowed_hosts", "software_id")

    def __init__(self, *args: Any, roles: Iterable[str], environments: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = dict(ENVIRONMENTS)
        self.fields["environment"].choices = [(name, words[name]) for name in environments]  # type: ignore[attr-defined]  # a choice
        self.fields["environment"].initial = next(iter(environments), "")
        self.fields["roles"].choices = [(role, role.replace("_", " ")) for role in roles]  # type: ignore[attr-defined]  # a choice

    def clean_allowed_hosts(self) -> list[str]:
        return str(self.cleaned_data["allowed_hosts"]).lower().split()
