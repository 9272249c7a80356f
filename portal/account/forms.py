"""Forms of the account pages: shape only."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


class PasswordForm(forms.Form):
    """A new password, twice."""

    password1 = forms.CharField(
        label="Password",
        strip=False,
        help_text="12 characters or more.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self._person)
        return password

    def clean_password2(self) -> str:
        password: str = self.cleaned_data["password2"]
        if password != self.cleaned_data.get("password1", password):
            raise ValidationError("The two passwords differ.")
        return password
