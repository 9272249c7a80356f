"""Query strings of lists: kept, cleaned, linked."""

import pytest
from django.test import RequestFactory

from portal import listing


def query(text: str = "") -> listing.Query:
    return listing.Query(RequestFactory().get(f"/staff/clients/?{text}"))


class TestQuery:
    @pytest.mark.parametrize(
        ("sent", "value"), [("", ""), ("q=%20a%20", "a"), ("q=a%00b", "ab"), ("q=" + "x" * 300, "x" * 200)]
    )
    def test_cleans_text(self, sent: str, value: str) -> None:
        assert query(sent).text("q") == value

    @pytest.mark.parametrize(("sent", "value"), [("state=active", "active"), ("state=x", ""), ("", "")])
    def test_takes_known_choices_only(self, sent: str, value: str) -> None:
        assert query(sent).choice("state", ["active", "draft"]) == value

    @pytest.mark.parametrize(
        ("sent", "number"),
        [("", 1), ("page=3", 3), ("page=0", 1), ("page=-1", 1), ("page=9" + "9" * 30, 1), ("page=٣", 1)],
    )
    def test_reads_a_page_number(self, sent: str, number: int) -> None:
        assert query(sent).page() == number

    def test_links_keep_what_was_asked(self) -> None:
        asked = query("q=a+b&state=active&page=2&rogue=1")
        asked.text("q"), asked.choice("state", ["active"])
        assert asked.href() == "/staff/clients/?q=a+b&state=active"
        assert asked.href(state="", sort="name") == "/staff/clients/?q=a+b&sort=name"
        assert asked.href(q="", state="") == "/staff/clients/"


class TestFilterBar:
    def test_a_chip_removes_its_filter(self) -> None:
        asked = query("state=active")
        field = listing.select("state", "State", asked.choice("state", ["active"]), (("active", "Active"),))
        bar = listing.filter_bar(asked, [field], "1 client")
        assert bar["chips"] == [{"text": "state: Active", "href": "/staff/clients/"}]


class TestTableHead:
    @pytest.mark.parametrize(
        ("current", "href", "word"),
        [
            ("", "?sort=name", None),
            ("name", "?sort=-name", "ascending"),
            ("-name", "?sort=name", "descending"),
        ],
    )
    def test_turns_the_order_round(self, current: str, href: str, word: str | None) -> None:
        (head,) = listing.table_head(query(), [listing.Column("Name", "name")], current)
        assert (head["sort_href"], head.get("sorted")) == (f"/staff/clients/{href}", word)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "no client"), (1, "1 client"), (2, "2 clients"), (1234, "1\u202f234 clients")]
)
def test_counts_in_words(count: int, words: str) -> None:
    assert listing.counted(count, "client") == words
