"""Every template compiles, keeps to the content security policy, and says what it needs."""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.template.loader import get_template, render_to_string
from django.urls import URLPattern, URLResolver, get_resolver

from portal.templatetags.vocabulary import ICONS
from tests.each import check_each

ROOT = Path(settings.BASE_DIR) / "templates"
PATHS = sorted(ROOT.rglob("*.html"))
NAMES = [str(path.relative_to(ROOT)) for path in PATHS]
SPRITE = "parts/icons.html"
Check = Callable[[Any, str], None]


def every_template(check: Check) -> Callable[[object], None]:
    """A test of all templates from a check of one."""

    def test(self: object) -> None:
        check_each(((name, name) for name in NAMES), lambda name: check(self, name))

    return test


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Hashed names need a collected manifest, which is the deployment's matter."""
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}


def source(name: str) -> str:
    return (ROOT / name).read_text()


def markup(name: str) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", source(name))


def named_templates(name: str) -> Iterator[str]:
    for match in re.finditer(r"\{% (?:include|extends) (?:[^\"%]*\|default:)?\"([^\"]+)\"", markup(name)):
        yield match[1]


def named_icons(name: str) -> Iterator[str]:
    text = markup(name)
    yield from re.findall(r"\{% icon \"([^\"]+)\"", text)
    yield from re.findall(r"symbol=\"([^\"]+)\"", text)
    yield from re.findall(r"<use href=\"#i-([^\"]+)\"", text)


def addresses(patterns: Sequence[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, inner)
        elif pattern.name:
            yield space + pattern.name


@functools.cache
def every_address() -> set[str]:
    return set(addresses(get_resolver().url_patterns))


class TestEveryTemplate:
    @every_template
    def test_compiles(self, name: str) -> None:
        get_template(name)

    @every_template
    def test_begins_with_a_comment_that_names_its_inputs(self, name: str) -> None:
        first = source(name).splitlines()[0]
        assert first.startswith("{# ")
        head = "".join(re.findall(r"\{#.*?#\}", source(name)))
        assert re.search(r"Inputs?:|Context|inputs|Blocks", head, re.IGNORECASE)

    @every_template
    def test_names_only_templates_that_exist(self, name: str) -> None:
        assert not [other for other in named_templates(name) if other not in NAMES]

    @every_template
    def test_links_only_addresses_that_exist(self, name: str) -> None:
        named = set(re.findall(r"\{% url '([^']+)'", markup(name)))
        assert named <= every_address()

    @every_template
    def test_uses_only_icons_of_the_sprite(self, name: str) -> None:
        assert set(named_icons(name)) <= ICONS


class TestContentSecurityPolicy:
    @every_template
    def test_has_no_inline_style(self, name: str) -> None:
        assert not re.search(r"\sstyle=|<style", markup(name))

    @every_template
    def test_has_no_inline_script(self, name: str) -> None:
        assert not re.findall(r"<script(?![^>]*\ssrc=)", markup(name))

    @every_template
    def test_has_no_handler_attribute(self, name: str) -> None:
        assert not re.search(r"<[^>]*\son[a-z]+=", markup(name))

    @every_template
    def test_has_no_javascript_address(self, name: str) -> None:
        assert "javascript:" not in markup(name).lower()

    @every_template
    def test_turns_off_no_escaping(self, name: str) -> None:
        assert not re.search(r"\|\s*safe\b|autoescape off", markup(name))


class TestSprite:
    def test_holds_exactly_the_icons_that_code_knows(self) -> None:
        assert set(re.findall(r"<symbol id=\"i-([^\"]+)\"", source(SPRITE))) == ICONS

    @every_template
    def test_meets_no_id_of_a_page(self, name: str) -> None:
        assert name == SPRITE or not re.search(r"\sid=\"i-", markup(name))


class TestShells:
    @every_template
    def test_partner_pages_link_no_staff_page(self, name: str) -> None:
        assert not (name.startswith("partner/") and re.search(r"staff[:/]", markup(name)))

    @every_template
    def test_staff_pages_link_no_partner_page(self, name: str) -> None:
        assert not (name.startswith("staff/") and "partner:" in markup(name))

    @pytest.mark.parametrize("name", ["base.html", "staff/base.html", "partner/base.html", "errors.html"])
    def test_begin_with_the_skip_link(self, name: str) -> None:
        body = markup(name).split("<body>")[1]
        assert body.lstrip().startswith('<a class="skip" href="#main">')

    @pytest.mark.parametrize("name", ["base.html", "staff/base.html", "partner/base.html", "errors.html"])
    def test_take_the_theme_from_the_person(self, name: str) -> None:
        assert 'data-theme="{{ shell.theme }}"' in source(name)


class TestForms:
    @every_template
    def test_that_post_carry_a_token(self, name: str) -> None:
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", markup(name), re.DOTALL):
            assert "{% csrf_token %}" in form

    @pytest.mark.parametrize(
        "name", ["staff/act.html", "staff/queue/case.html", "staff/organizations/new.html"]
    )
    def test_of_consequence_are_not_sent_by_enter(self, name: str) -> None:
        form = re.search(r"<form[^>]*method=\"post\".*", markup(name), re.DOTALL)
        assert form
        assert form[0].index("parts/no_enter.html") < form[0].index("csrf_token")


class ReasonForm(forms.Form):
    reason = forms.CharField(label="What happened", help_text="Kept in the audit log.")
    loud = forms.BooleanField(label="Tell everybody", required=False)


class TestField:
    def test_names_hint_and_error_to_the_reader(self) -> None:
        html = render_to_string("parts/field.html", {"field": ReasonForm({})["reason"]})
        assert '<label for="id_reason">What happened' in html
        assert 'id="id_reason_helptext">Kept in the audit log.' in html
        assert 'id="id_reason_error">Error: This field is required.' in html
        assert 'aria-describedby="id_reason_helptext id_reason_error"' in html
        assert 'aria-invalid="true"' in html

    def test_marks_what_is_optional(self) -> None:
        class Optional(forms.Form):
            incident = forms.CharField(label="Incident", required=False)

        html = render_to_string("parts/field.html", {"field": Optional()["incident"]})
        assert "(optional)" in html

    def test_keeps_what_was_typed(self) -> None:
        html = render_to_string("parts/field.html", {"field": ReasonForm({"reason": '"><b>'})["reason"]})
        assert 'value="&quot;&gt;&lt;b&gt;"' in html


class TestErrorSummary:
    def test_links_each_error_to_its_field(self) -> None:
        html = render_to_string(
            "parts/error_summary.html", {"form": ReasonForm({}), "refused": "Nothing happened"}
        )
        assert 'href="#id_reason">What happened: This field is required.' in html

    def test_is_absent_before_anything_was_sent(self) -> None:
        assert (
            not render_to_string("parts/error_summary.html", {"form": ReasonForm()})
            .strip()
            .endswith("</div>")
        )


class TestStateBadge:
    @pytest.mark.parametrize(
        ("state", "word", "icon"),
        [
            ("active", "Active", "i-active"),
            ("suspended", "Suspended", "i-pause"),
            ("anything", "Not known", "i-dash"),
        ],
    )
    def test_says_the_state_by_word_and_icon(self, state: str, word: str, icon: str) -> None:
        html = render_to_string("parts/state_badge.html", {"state": state})
        assert f'href="#{icon}"' in html
        assert html.strip().endswith(f"{word}</span>")


class TestErrorPages:
    @pytest.mark.parametrize(
        "name", ["400.html", "403.html", "404.html", "405.html", "429.html", "500.html", "503.html"]
    )
    def test_need_no_context(self, name: str) -> None:
        assert "<h1" in get_template(name).render()

    def test_show_the_request_id(self) -> None:
        assert 'data-copy="req_1"' in render_to_string("500.html", {"request_id": "req_1"})


class TestConsent:
    def client(self, **changed: object) -> dict[str, object]:
        return {"name": "<b>Ledger", "organization_name": "Acme Payments", "verified": True, **changed}

    def page(self, **changed: object) -> str:
        context = {"client": self.client(**changed), "redirect_host": "rp.acme.example", "scopes": []}
        return render_to_string("protocol/consent.html", context)

    def test_names_organization_and_host(self) -> None:
        page = self.page()
        assert '<b id="consent-organization">Acme Payments</b>' in page
        assert 'id="consent-host">rp.<wbr>acme.<wbr>example<' in page

    def test_escapes_and_isolates_the_name_the_partner_chose(self) -> None:
        assert '<bdi class="quoted">&lt;b&gt;Ledger</bdi>' in self.page()

    def test_offers_denial_first(self) -> None:
        page = self.page()
        assert page.index('id="consent-deny"') < page.index('id="consent-allow"')

    def test_makes_denial_the_main_answer_to_who_is_not_verified(self) -> None:
        assert 'class="btn btn-block btn-primary" id="consent-deny"' in self.page(verified=False)
        assert "consent-verified" not in self.page(verified=False)


class TestAuthorizeError:
    def test_links_nothing_that_the_request_named(self) -> None:
        context = {"error": "invalid_request", "description": "x", "client_id": "https://evil.example/cb"}
        page = render_to_string("protocol/authorize_error.html", context)
        assert 'data-error="invalid_request"' in page
        assert 'href="https://evil.example' not in page


class TestSecretOnce:
    def test_says_that_it_is_shown_once(self) -> None:
        html = render_to_string("parts/secret_once.html", {"what": "initial access token", "value": "pri_x"})
        assert "Shown once, now." in html
        assert 'id="secret-value">pri_x' in html
