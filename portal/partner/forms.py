"""Forms of the partner portal: shape only. Whether a value is acceptable is the registry's answer."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from portal.forms import MetadataField, area

ROLES = (
    ("organization_admin", "Organization admin"),
    ("organization_developer", "Developer"),
    ("organization_reader", "Reader"),
)
_MAX_REASON = 800


class ReasonForm(forms.Form):
    """A reason, kept in the audit log."""

    reason = forms.CharField(
        label="Reason",
        max_length=_MAX_REASON,
        widget=area(3),
        help_text="Kept in the audit log with your name.",
    )


class SuccessorForm(ReasonForm):
    """Who becomes an admin in the same instant, where somebody can, and why."""

    successor = forms.ChoiceField(
        label="Successor", required=False, help_text="Becomes an organization admin at once."
    )

    field_order: Sequence[str] = ("successor", "reason")

    def __init__(self, *args: Any, successors: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = list(successors)
        self.fields["successor"].choices = [("", "Nobody"), *named]  # type: ignore[attr-defined]  # a choice
        if not named:
            del self.fields["successor"]


class RoleForm(SuccessorForm):
    """Another role of a person."""

    role = forms.ChoiceField(label="Role", choices=ROLES)

    field_order = ("role", "successor", "reason")


class AcceptForm(forms.Form):
    """That somebody read a version of the terms, named by its hash."""

    version = forms.CharField(max_length=32, widget=forms.HiddenInput)
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    read = forms.BooleanField(label="I have read it and accept it for my organization")


class LintForm(forms.Form):
    """Metadata to judge, and where it would be registered."""

    environment = forms.ChoiceField(
        label="Environment",
        choices=[("sandbox", "Sandbox"), ("production", "Production")],
        widget=forms.RadioSelect,
        initial="sandbox",
    )
    metadata = MetadataField()
