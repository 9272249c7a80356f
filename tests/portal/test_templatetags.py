"""Words, instants, numbers and identifiers as pages show them."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from django import forms

from portal.templatetags import presentation as show
from portal.templatetags import vocabulary
from registry.states import Route, State

NOW = datetime(2026, 11, 23, 9, 12, 8, tzinfo=UTC)


class TestIcon:
    def test_points_into_the_sprite(self) -> None:
        assert show.icon("tick") == '<svg class="icon" aria-hidden="true"><use href="#i-tick"/></svg>'

    def test_refuses_a_name_the_sprite_lacks(self) -> None:
        with pytest.raises(KeyError):
            show.icon("unicorn")


class TestStates:
    @pytest.mark.parametrize("state", State)
    def test_every_lifecycle_state_has_a_word_and_an_icon(self, state: State) -> None:
        assert show.state_word(state).lower() == state.value
        assert show.state_icon(state) in vocabulary.ICONS

    def test_the_unknown_is_said_to_be_unknown(self) -> None:
        assert show.state_word("on fire") == "Not known"

    def test_every_icon_of_the_lists_is_in_the_sprite(self) -> None:
        rows = (*vocabulary.STATES.values(), *vocabulary.VERDICTS.values())
        assert {icon for _, icon, _ in rows} <= vocabulary.ICONS


class TestWords:
    @pytest.mark.parametrize(
        ("route", "words"),
        [(Route.FEDERATION_AUTOMATIC, "federation, automatic"), (Route.DYNAMIC, "dynamic")],
    )
    def test_reads_as_part_of_a_sentence(self, route: Route, words: str) -> None:
        assert show.words(route) == words


class TestThin:
    @pytest.mark.parametrize(
        ("number", "text"), [(0, "0"), (999, "999"), (1284, "1\u202f284"), (1234567, "1\u202f234\u202f567")]
    )
    def test_groups_thousands(self, number: int, text: str) -> None:
        assert show.thin(number) == text

    def test_tells_unknown_from_zero(self) -> None:
        assert show.thin(None) == "not known"


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0.4, "0.4 s"), (41, "41 s"), (11520, "3 h 12 min"), (2592000, "1 mo"), (300, "5 min")],
    )
    def test_names_the_two_largest_units(self, seconds: float, text: str) -> None:
        assert show.duration(seconds) == text


class TestRelative:
    @pytest.mark.parametrize(
        ("span", "text"),
        [
            (timedelta(hours=-3), "3 h ago"),
            (timedelta(days=6), "in 6 d"),
            (timedelta(hours=24, seconds=-2), "in 1 d"),
            (timedelta(hours=23, seconds=-2), "in 23 h"),
            (timedelta(hours=23, seconds=-40), "in 22 h"),
            (timedelta(hours=1, seconds=-2), "in 1 h"),
            (timedelta(minutes=59, seconds=2), "in 59 min"),
            (timedelta(seconds=41), "in 41 s"),
            (timedelta(days=-54), "54 d ago"),
            (timedelta(days=-200), "6 mo ago"),
            (timedelta(days=-984), "2 y ago"),
            (timedelta(milliseconds=40), "now"),
        ],
    )
    def test_says_how_far(self, span: timedelta, text: str) -> None:
        assert show.relative(NOW + span, NOW) == text

    def test_knows_what_never_was(self) -> None:
        assert show.relative(None, NOW) == "never"


class TestInstants:
    LOCAL = datetime(2026, 11, 23, 8, 12, 4, tzinfo=timezone(timedelta(hours=2)))

    def test_are_shown_in_utc(self) -> None:
        assert show.absolute(self.LOCAL) == "23 Nov 2026 06:12 UTC"
        assert show.iso(self.LOCAL) == "2026-11-23T06:12:04Z"
        assert show.clock_time(self.LOCAL) == "06:12:04"
        assert show.minute(self.LOCAL) == "Mon 23 Nov 2026 06:12"

    def test_become_days(self) -> None:
        assert show.day(date(2026, 3, 1)) == "1 Mar 2026"
        assert show.day(datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "28 Feb 2026"
        assert show.weekday(NOW) == "Mon 23 Nov 2026"


class TestBreakable:
    def test_breaks_after_separators_only(self) -> None:
        assert show.breakable("https://a.b/c_d") == "https:/<wbr>/<wbr>a.<wbr>b/<wbr>c_<wbr>d"

    def test_escapes(self) -> None:
        assert show.breakable("<script>") == "&lt;script&gt;"

    def test_leaves_no_way_round_through_its_own_mark(self) -> None:
        assert "\0" not in show.breakable("a\0b")


class TestShortened:
    def test_keeps_what_fits(self) -> None:
        assert show.shortened("c_01HD") == "c_01HD"

    @pytest.mark.parametrize("limit", [8, 21, 32])
    def test_cuts_the_middle_to_the_limit(self, limit: int) -> None:
        text = show.shortened("https://assist.acme.example/a/long/path/client.json", limit)
        assert len(text) == limit
        assert text.startswith("htt")
        assert text.endswith("on")
        assert "…" in text


class TestThumbprint:
    VALUE = "Zp7wQm3Lr9TnV5xK2bYd8sHfJ4gEaCu6W1oPiN0c41A"

    def test_is_whole_in_groups_of_four(self) -> None:
        assert show.thumbprint(self.VALUE).replace(" ", "") == self.VALUE
        assert show.thumbprint(self.VALUE).startswith("Zp7w Qm3L r9Tn")

    def test_shows_both_ends_in_a_table(self) -> None:
        assert show.thumbprint_ends(self.VALUE) == "Zp7w Qm3L … c41A"


class TestMeter:
    @pytest.mark.parametrize(
        ("value", "limit", "filled", "tone"),
        [(6, 10, 600, ""), (9, 10, 900, "warn"), (12, 10, 1000, "stop"), (0, 0, 1000, "stop"), (0, 5, 0, "")],
    )
    def test_fills_up_to_its_limit(self, value: int, limit: int, filled: int, tone: str) -> None:
        assert show.per_mille(value, limit) == filled
        assert show.meter_tone(value, limit) == tone


class TestSegments:
    def test_share_the_bar_by_count(self) -> None:
        rows = [
            {"state": "active", "count": 3},
            {"state": "draft", "count": 0},
            SimpleNamespace(state="suspended", count=1),
        ]
        assert show.segments(rows) == [
            show.Segment("ok", "0.0", "750.0"),
            show.Segment("stop", "750.0", "250.0"),
        ]

    def test_of_nothing_are_none(self) -> None:
        assert show.segments([{"state": "active", "count": 0}]) == []


class TestLines:
    @pytest.mark.parametrize(
        ("value", "lines"),
        [
            ("a b", ("a b",)),
            (["a", "b"], ("a", "b")),
            ([], ()),
            (None, ()),
            (False, ("false",)),
            ({"b": 1, "a": "ü"}, ('{"a": "ü", "b": 1}',)),
        ],
    )
    def test_show_each_value_as_it_is(self, value: object, lines: tuple[str, ...]) -> None:
        assert show.lines(value) == lines


class Confirm(forms.Form):
    scope = forms.CharField()
    reason = forms.CharField()
    token = forms.CharField(widget=forms.HiddenInput)


class TestConfirmationFields:
    def test_stand_beside_the_button_only_when_they_say_why(self) -> None:
        assert [field.name for field in show.reason_fields(Confirm())] == ["reason"]
        assert [field.name for field in show.other_fields(Confirm())] == ["scope"]


class TestFieldGroups:
    def test_lose_no_field(self) -> None:
        class Organization(forms.Form):
            legal_name = forms.CharField()
            something_new = forms.CharField()

        groups = show.field_groups(Organization())
        assert [group.heading for group in groups] == ["Who it is", "Entitlements and quotas"]


class TestControl:
    def test_drops_the_placeholder_and_keeps_own_classes(self) -> None:
        class Named(forms.Form):
            kid = forms.CharField(widget=forms.TextInput(attrs={"class": "in-mono", "placeholder": "kid"}))

        html = show.control(Named()["kid"])
        assert 'class="in in-mono"' in html
        assert "placeholder" not in html
