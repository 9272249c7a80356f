"""Forms that change what is known of an organization and what it holds; each carries the edition that was seen."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms

from portal.forms import area, day_field, mono
from portal.staff.forms import CONTACT_KINDS, GRANT_TYPES, REGISTERS, ReasonForm
from registry.organization_facts import COLUMNS, ContactFacts, EntitlementFacts, QuotaFacts
from registry.preconditions import edition
from registry.queries import EntitlementRow, OrganizationRow, QuotaRow


class SeenForm(ReasonForm):
    """What is changed binds to what was seen."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=20)

    def __init__(self, *args: Any, row: OrganizationRow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = edition(row)
        self.fields["seen"].initial = self._now

    @property
    def is_stale(self) -> bool:
        """True when somebody changed the organization since this form was shown."""
        return self.is_bound and self.data.get("seen") != self._now


class FactsForm(SeenForm):
    """Who an organization is, who answers for it here, and whom to reach."""

    legal_name = forms.CharField(label="Legal name", max_length=200)
    display_name = forms.CharField(label="Name shown to people", max_length=100)
    registration_scheme = forms.ChoiceField(label="Registered with", choices=REGISTERS)
    registration_number = forms.CharField(
        label="Registration number", max_length=64, widget=mono(spellcheck="false")
    )
    country = forms.CharField(
        label="Country",
        max_length=2,
        widget=mono(maxlength=2),
        help_text="Two letters (ISO 3166-1), as in NO.",
    )
    website = forms.URLField(label="Website", max_length=300, required=False, assume_scheme="https")
    sponsor = forms.ChoiceField(
        label="Our sponsor", required=False, help_text="Who answers for this partner here."
    )
    contract_end = day_field(label="Agreement ends")

    def __init__(
        self,
        *args: Any,
        row: OrganizationRow,
        contacts: Iterable[ContactFacts],
        sponsors: Iterable[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, row=row, **kwargs)
        self._row, self._contacts = row, list(contacts)
        self.fields["sponsor"].choices = [("", "Nobody yet"), *sponsors]  # type: ignore[attr-defined]  # a choice
        self.fields["sponsor"].initial = str(row.sponsor_id or "")
        for name in COLUMNS:
            self.fields[name].initial = getattr(row, name)
        held = {contact.kind: contact for contact in self._contacts}
        for kind in CONTACT_KINDS:
            self._add_contact(kind, held.get(kind, ContactFacts(kind, "", "")))

    def _add_contact(self, kind: str, held: ContactFacts) -> None:
        word = kind.capitalize()
        self.fields[f"{kind}_email"] = forms.EmailField(
            label=f"{word}: address", required=False, initial=held.email, max_length=254
        )
        self.fields[f"{kind}_name"] = forms.CharField(
            label=f"{word}: name", required=False, initial=held.name, max_length=200
        )
        self.fields[f"{kind}_phone"] = forms.CharField(
            label=f"{word}: phone", required=False, initial=held.phone, max_length=40
        )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """A contact without an address reaches nobody."""
        for kind in CONTACT_KINDS:
            more = self.cleaned_data.get(f"{kind}_name") or self.cleaned_data.get(f"{kind}_phone")
            if more and not self.cleaned_data.get(f"{kind}_email") and not self.errors.get(f"{kind}_email"):
                self.add_error(f"{kind}_email", "A name or phone stands here, but no address.")
        return self.cleaned_data

    @property
    def changes(self) -> dict[str, Any]:
        """What is not as it was, as the registry names it."""
        said = {name: self.cleaned_data[name] for name in COLUMNS}
        sponsor = self.cleaned_data["sponsor"]
        said |= {"sponsor_id": UUID(sponsor) if sponsor else None}
        changed = {name: value for name, value in said.items() if value != getattr(self._row, name)}
        contacts = [contact for kind in CONTACT_KINDS if (contact := self._contact(kind)).email]
        same = {each.kind: each for each in contacts} == {each.kind: each for each in self._contacts}
        return changed if same else {**changed, "contacts": contacts}

    def _contact(self, kind: str) -> ContactFacts:
        return ContactFacts(
            kind, *(self.cleaned_data[f"{kind}_{part}"] for part in ("name", "email", "phone"))
        )

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The fields under headings, as the page shows them."""
        return [
            {
                "heading": "Who it is",
                "note": "as registered with its authority",
                "fields": self._named(COLUMNS[:-1]),
            },
            {
                "heading": "Who answers for it here",
                "note": "",
                "fields": self._named(("sponsor", "contract_end")),
            },
        ]

    @property
    def contact_rows(self) -> list[Sequence[forms.BoundField]]:
        """Address, name and phone of each kind of contact."""
        return [
            self._named([f"{kind}_{part}" for part in ("email", "name", "phone")]) for kind in CONTACT_KINDS
        ]

    def _named(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names]


class EntitlementForm(SeenForm):
    """The scopes and grant types of one role."""

    role = forms.SlugField(
        label="Role",
        max_length=64,
        widget=mono(spellcheck="false"),
        help_text="A name for what it may do, as in account_information.",
    )
    scopes = forms.CharField(
        label="Scopes",
        widget=area(3, **{"class": "in-mono", "spellcheck": "false"}),
        help_text="Separated by spaces or lines. No client of it ever gets another one.",
    )
    default_scopes = forms.CharField(
        label="Scopes of a client that asks for none",
        required=False,
        widget=mono(spellcheck="false"),
        help_text="Some of those above.",
    )
    grant_types = forms.MultipleChoiceField(
        label="Grant types", choices=GRANT_TYPES, widget=forms.CheckboxSelectMultiple
    )
    last_day = day_field(label="Last day", help_text="As 2027-12-31, in UTC. Empty: no end.")

    def __init__(
        self, *args: Any, row: OrganizationRow, held: EntitlementRow | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, row=row, **kwargs)
        self._held = held
        if held is None:
            return
        del self.fields["role"]
        self.fields["scopes"].initial = " ".join(held.scopes)
        self.fields["default_scopes"].initial = " ".join(held.default_scopes)
        self.fields["grant_types"].initial = held.grant_types
        self.fields["last_day"].initial = _last_day(held.valid_until)

    @property
    def facts(self) -> EntitlementFacts:
        """The registry's value."""
        data = self.cleaned_data
        return EntitlementFacts(
            self._held.role if self._held else data["role"],
            data["scopes"].split(),
            data["grant_types"],
            self._valid_until(data),
            data["default_scopes"].split(),
        )

    def _valid_until(self, data: Mapping[str, Any]) -> datetime | None:
        """The end of the day; an instant that stands and is not touched stays as it is."""
        held, day = self._held.valid_until if self._held else None, data["last_day"]
        if day is None or day == _last_day(held):
            return held if day else None
        return datetime.combine(day + timedelta(days=1), time.min, UTC)


def _last_day(end: datetime | None) -> Any:
    return (end - timedelta(microseconds=1)).astimezone(UTC).date() if end else None


class QuotaForm(SeenForm):
    """How many of each an organization may hold in one environment."""

    def __init__(
        self, *args: Any, row: OrganizationRow, environment: str, held: QuotaRow | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, row=row, **kwargs)
        self._environment = environment
        limits = QuotaFacts(environment).row()
        for name, usual in limits.items():
            self.fields[name] = forms.IntegerField(
                label=name.replace("_", " ").capitalize(),
                min_value=0,
                max_value=1_000_000,
                initial=getattr(held, name, usual),
            )
        self.order_fields([*limits, "reason"])

    @property
    def facts(self) -> QuotaFacts:
        """The registry's value."""
        limits = {name: self.cleaned_data[name] for name in QuotaFacts(self._environment).row()}
        return QuotaFacts(self._environment, **limits)
