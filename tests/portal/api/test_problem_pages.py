"""The `type` of a problem leads to a page that says what it means and what helps."""

from urllib.parse import urlsplit

import pytest
from django.test import Client

from portal.api.problem_pages import MEANINGS, PROBLEMS
from portal.errors import ANSWERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody():
    return Client(headers={"host": "localhost"})


def test_every_code_has_its_words_and_no_word_is_left_over():
    assert set(MEANINGS) == set(PROBLEMS) >= {answer.code for answer in ANSWERS.values()}


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_everybody_may_read_it(code, anybody):
    answer = anybody.get(f"/problems/{code}", secure=True)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert code in page
    for row in PROBLEMS[code]:
        assert f"HTTP {row.status}: {row.title}" in page.replace("&#x27;", "'")
    assert not answer.cookies


@pytest.mark.parametrize("code", ["nothing", "Not-Found", "a" * 500])
def test_what_there_is_not_is_404(code, anybody):
    assert anybody.get(f"/problems/{code}", secure=True).status_code == 404


def test_it_is_only_read(anybody):
    assert anybody.post("/problems/not_found", secure=True).status_code in {403, 405}


def test_the_type_of_a_problem_leads_there(api, stranger, anybody):
    for answer in (stranger.get("organizations"), api.get("nothing"), api.get("organizations", x=1)):
        kind = urlsplit(answer.json()["type"])
        assert anybody.get(kind.path, secure=True).status_code == 200
