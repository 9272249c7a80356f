"""Forms of the staff portal: shape only. Whether a value is acceptable is the registry's answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from portal.forms import ENVIRONMENTS, InviteForm, MetadataField, TokenForm, area, day_field, mono
from portal.shell import ROLE_WORDS
from registry.policy.presets import PRESETS
from registry.queries import WHOLE, Reach
from registry.roles import STAFF_ROLES, Role
from registry.states import ExceptionReason

_SCOPE = RegexValidator(
    r"^[\x21\x23-\x5b\x5d-\x7e]+(?:\s+[\x21\x23-\x5b\x5d-\x7e]+)*$", "Scope values are separated by spaces."
)
REVIEWS = (
    ("automatic", "Policy alone decides"),
    ("one_person", "One person decides"),
    ("four_eyes", "Two people decide"),
)
GRANT_TYPES = (
    ("authorization_code", "authorization_code, for people who consent"),
    ("refresh_token", "refresh_token, beside it"),
    ("client_credentials", "client_credentials, for software alone"),
)
REGISTERS = (("national", "National register"), ("lei", "LEI (ISO 17442)"))
EXCEPTION_REASONS = (
    (ExceptionReason.CANNOT_REGISTER.value, "Its software cannot register by itself yet"),
    (ExceptionReason.MIGRATION.value, "It moves from another system and keeps working meanwhile"),
    (ExceptionReason.CONTINUITY.value, "A service would stop before a route is ready"),
    (ExceptionReason.AUTHORITY.value, "An authority orders it"),
    (ExceptionReason.TRIAL.value, "A trial with an end"),
)
_LAST_DAY = "As 2027-06-30, in UTC; within twelve months. Then the client is suspended, unless it is renewed."
INCIDENT_REASONS = (
    ("key_compromise", "Key or credential compromised"),
    ("misuse", "Misuse of data or scopes"),
    ("security_incident", "Security incident at the partner"),
    ("contract", "Agreement ended or breached"),
    ("regulator", "Order of an authority"),
    ("precaution", "Precaution"),
)
CONTACT_KINDS = ("business", "technical", "security", "incident", "billing")
MAX_REASON = 800


class ReasonForm(forms.Form):
    """A reason, kept in the audit log."""

    reason = forms.CharField(
        label="Reason",
        max_length=MAX_REASON,
        widget=area(3),
        help_text="Kept in the audit log with your name.",
    )

    @property
    def said(self) -> str:
        """Reason code, reason and incident number as one text for the log."""
        data = self.cleaned_data
        code = dict(INCIDENT_REASONS).get(data.get("reason_code", ""), "")
        incident = data.get("incident", "")
        text = f"{code}: {data['reason']}" if code else str(data["reason"])
        return f"{text} (incident {incident})" if incident else text


class ManualForm(forms.Form):
    """A client that is registered by hand, and the exception under which it is."""

    environment = forms.ChoiceField(label="Environment", widget=forms.RadioSelect)
    metadata = MetadataField()
    exception = forms.ChoiceField(label="Why no route by protocol fits", choices=EXCEPTION_REASONS)
    evidence = forms.CharField(
        label="Evidence",
        max_length=4000,
        widget=area(4),
        help_text="What was seen that shows it: letters, tickets, release notes, with dates.",
    )
    sponsor = forms.ChoiceField(label="Our sponsor", help_text="Who of us answers for this exception.")
    last_day = day_field(label="Last day", help_text=_LAST_DAY)

    field_order = ("environment", "metadata", "exception", "evidence", "sponsor", "last_day")

    def __init__(
        self, *args: Any, sponsors: Iterable[tuple[str, str]], environments: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        words = dict(ENVIRONMENTS)
        self.fields["environment"].choices = [(name, words[name]) for name in environments]  # type: ignore[attr-defined]  # a choice
        self.fields["environment"].initial = next(iter(environments), "")
        self.fields["sponsor"].choices = list(sponsors)  # type: ignore[attr-defined]  # a choice
        self.fields["last_day"].required = True


class RenewForm(ReasonForm):
    """Another end of an exception, and why it is still needed."""

    last_day = day_field(label="Last day", help_text=_LAST_DAY)

    field_order = ("last_day", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].required = True


class TermsForm(forms.Form):
    """A version of the terms to publish: its text, or where the document lies."""

    version = forms.CharField(label="Version", max_length=32, widget=mono(spellcheck="false"))
    title = forms.CharField(label="Title", max_length=200)
    effective_day = day_field(
        label="Asked for from",
        help_text="As 2027-01-01, in UTC. Until then partners have time: production stays open.",
    )
    text = forms.CharField(label="Text", required=False, max_length=200_000, widget=area(10))
    url = forms.CharField(
        label="Or its address",
        required=False,
        max_length=500,
        widget=mono(spellcheck="false", inputmode="url"),
    )
    sha256 = forms.CharField(
        label="SHA-256 of the document",
        required=False,
        max_length=64,
        widget=mono(spellcheck="false"),
        help_text="64 hexadecimal digits; for a document at an address.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective_day"].required = True


class InitialAccessTokenForm(TokenForm, ReasonForm):
    """The limits of a new initial access token, and why it is issued."""

    field_order = (*TokenForm.field_order, "reason")


class ContainForm(ReasonForm):
    """What is contained, and why. `seen_…` are the numbers of clients that the page showed, by scope."""

    scope = forms.ChoiceField(label="What is contained", widget=forms.RadioSelect)
    reason_code = forms.ChoiceField(label="Kind of reason", choices=INCIDENT_REASONS)
    incident = forms.CharField(
        label="Incident number", max_length=40, required=False, widget=mono(spellcheck="false")
    )

    field_order = ("scope", "reason_code", "reason", "incident")

    def __init__(self, *args: Any, scopes: Mapping[str, Reach], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {WHOLE: "The whole organization, people's sessions too"} | {
            name: f"{word} only" for name, word in ENVIRONMENTS
        }
        self.fields["scope"].choices = [(name, words[name]) for name in scopes]  # type: ignore[attr-defined]  # a choice
        self.fields["scope"].initial = next(iter(scopes))
        self._reaches = scopes
        for name, reach in scopes.items():
            field = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=reach.clients)
            self.fields[f"seen_{name}"] = field

    @property
    def is_outgrown(self) -> bool:
        """True when more would stop than the page showed; the next page then shows the numbers of now."""
        seen, now = self.cleaned_data[f"seen_{self.scope_chosen}"], self._reaches[self.scope_chosen].clients
        if seen is None or now <= seen:
            return False
        shown = {f"seen_{name}": str(reach.clients) for name, reach in self._reaches.items()}
        self.data = {**self.data.dict(), **shown}  # type: ignore[attr-defined]  # a QueryDict: bound
        return True

    @property
    def scope_chosen(self) -> str:
        return str(self.cleaned_data["scope"])


class RestoreForm(ReasonForm):
    """Which containment ends."""

    scope = forms.ChoiceField(label="What is restored", widget=forms.RadioSelect)

    def __init__(self, *args: Any, scopes: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes = list(scopes)
        self.fields["scope"] = forms.ChoiceField(
            label="What is restored",
            choices=self.scopes,
            initial=self.scopes[0][0] if self.scopes else "",
            widget=forms.RadioSelect if len(self.scopes) > 1 else forms.HiddenInput,
        )


class SubmitForm(ReasonForm):
    """Evidence for an organization that asks to be approved."""

    evidence = forms.CharField(
        label="Evidence",
        max_length=4000,
        widget=area(6),
        help_text="Registers and documents that were checked, with dates: whoever decides compares with them.",
    )
    reason = forms.CharField(
        label="Note for whoever decides", max_length=MAX_REASON, required=False, widget=area(3)
    )


class SeenForm(ReasonForm):
    """A reason for a decision on what the page showed: `seen` is its edition; "" from whoever does not say."""

    seen = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    @property
    def edition_seen(self) -> frozenset[str] | None:
        """For `registry.preconditions`."""
        return frozenset({self.cleaned_data["seen"]} - {""}) or None

    def show(self, edition: str) -> None:
        """The page shows this edition now; whatever is sent next is about it."""
        self.initial["seen"] = edition
        if self.is_bound:
            self.data = {name: self.data[name] for name in self.data} | {"seen": edition}


class DecisionForm(SeenForm):
    """A decision about a case."""

    decision = forms.ChoiceField(label="Decision", choices=[("approve", "Approve"), ("reject", "Reject")])
    reason = forms.CharField(
        label="Reason",
        max_length=MAX_REASON,
        widget=area(4),
        help_text="Kept in the audit log. Of a rejection the partner reads it.",
    )

    field_order = ("decision", "reason")


class DeregisterForm(ReasonForm):
    """The end of a client, confirmed by typing its name (its client_id, where it has none)."""

    reason_code = forms.ChoiceField(label="Kind of reason", choices=INCIDENT_REASONS)
    typed_name = forms.CharField(label="Type the name of the client", max_length=255, widget=mono())

    field_order = ("reason_code", "reason", "typed_name")

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = name
        self.fields["typed_name"].help_text = f"Exactly: {name}"

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if typed != self._name.strip():
            raise forms.ValidationError("This is not the name of the client.")
        return typed


class SuspendForm(ReasonForm):
    """Why a client is stopped."""

    reason_code = forms.ChoiceField(label="Kind of reason", choices=INCIDENT_REASONS)

    field_order = ("reason_code", "reason")


class AttestForm(forms.Form):
    """A domain that staff vouch for."""

    domain = forms.CharField(
        label="Domain",
        max_length=253,
        widget=mono(spellcheck="false", inputmode="url"),
        help_text="As in partner.example. Redirection URIs at or under it become acceptable.",
    )
    evidence = forms.CharField(
        label="How it was checked", max_length=1000, widget=area(3), help_text="Kept in the audit log."
    )


class InviteStaffForm(InviteForm):
    """A person who is to work here."""

    role = forms.ChoiceField(
        label="Role", choices=[(role.value, ROLE_WORDS[role]) for role in Role if role in STAFF_ROLES]
    )


class OrganizationForm(forms.Form):
    """A new organization, with one role to begin with."""

    legal_name = forms.CharField(label="Legal name", max_length=200)
    display_name = forms.CharField(label="Name shown to people", max_length=100)
    slug = forms.SlugField(
        label="Short name in addresses",
        max_length=64,
        widget=mono(spellcheck="false"),
        help_text="a–z, 0–9 and hyphens. It never changes.",
    )
    registration_scheme = forms.ChoiceField(label="Registered with", choices=REGISTERS)
    registration_number = forms.CharField(
        label="Registration number", max_length=64, widget=mono(spellcheck="false")
    )
    country = forms.RegexField(
        label="Country",
        regex="^[A-Za-z]{2}$",
        help_text="Two letters (ISO 3166-1), as in NO.",
        widget=mono(maxlength=2),
        error_messages={"invalid": "Write two letters, as in NO or DE."},
    )
    website = forms.URLField(label="Website", max_length=300, required=False, assume_scheme="https")
    business_contact = forms.EmailField(label="Business contact", required=False)
    technical_contact = forms.EmailField(label="Technical contact", required=False)
    security_contact = forms.EmailField(label="Security contact", required=False)
    incident_contact = forms.EmailField(label="Incident contact", required=False)
    billing_contact = forms.EmailField(label="Billing contact", required=False)
    sponsor = forms.ChoiceField(
        label="Our sponsor", required=False, help_text="Who answers for this partner here."
    )
    contract_end = day_field(label="Agreement ends")
    role = forms.SlugField(
        label="Role",
        max_length=64,
        initial="partner",
        widget=mono(spellcheck="false"),
        help_text="A name for what it may do, as in account_information.",
    )
    scopes = forms.CharField(
        label="Scopes",
        validators=[_SCOPE],
        widget=area(3, **{"class": "in-mono", "spellcheck": "false"}),
        help_text="Separated by spaces or lines. No client of it ever gets another one.",
    )
    default_scopes = forms.CharField(
        label="Scopes of a client that asks for none",
        required=False,
        validators=[_SCOPE],
        widget=mono(spellcheck="false"),
        help_text="Some of those above.",
    )
    grant_types = forms.MultipleChoiceField(
        label="Grant types", choices=GRANT_TYPES, widget=forms.CheckboxSelectMultiple
    )
    sandbox_review = forms.ChoiceField(
        label="A registration in the sandbox", choices=REVIEWS, initial="automatic"
    )
    production_review = forms.ChoiceField(
        label="A registration in production", choices=REVIEWS, initial="one_person"
    )
    preset = forms.ChoiceField(label="Policy preset", choices=[(name, name) for name in sorted(PRESETS)])
    sandbox_clients = forms.IntegerField(
        label="Clients in the sandbox", min_value=0, max_value=1_000_000, initial=20
    )
    production_clients = forms.IntegerField(
        label="Clients in production", min_value=0, max_value=1_000_000, initial=20
    )

    def __init__(self, *args: Any, sponsors: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sponsor"].choices = [("", "Nobody yet"), *sponsors]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_scopes(self) -> list[str]:
        return str(self.cleaned_data["scopes"]).split()

    def clean_default_scopes(self) -> list[str]:
        wanted = str(self.cleaned_data["default_scopes"]).split()
        if set(wanted) - set(self.cleaned_data.get("scopes", wanted)):
            raise forms.ValidationError("These are not all among the scopes.")
        return wanted

    @property
    def contacts(self) -> dict[str, str]:
        """Addresses by kind, those that were given."""
        given = {kind: self.cleaned_data.get(f"{kind}_contact", "") for kind in CONTACT_KINDS}
        return {kind: email for kind, email in given.items() if email}
