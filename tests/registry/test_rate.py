from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import rate
from registry.errors import RateExceeded
from registry.models import RateBucket
from registry.rate import Bucket
from tests import world
from tests.together import together

NOW = world.now()


def bucket(quota=3, subject="one", name="mine", window_seconds=60):
    return Bucket(name, subject, quota, window_seconds)


def left(*buckets, seconds=0):
    return [ration.remaining for ration in rate.spend(buckets, NOW + timedelta(seconds=seconds))]


def refusal(*buckets, seconds=0):
    with pytest.raises(RateExceeded) as refused:
        rate.spend(buckets, NOW + timedelta(seconds=seconds))
    return refused.value


@pytest.mark.django_db
class TestSpend:
    @pytest.mark.parametrize("quota", [1, 2, 7, 13, 60, 600, 3000])
    def test_exactly_the_quota_fits_at_once(self, quota):
        spent = [left(bucket(quota)) for _ in range(min(quota, 200))]
        assert spent == [[quota - n - 1] for n in range(min(quota, 200))]
        if quota <= 200:
            assert refusal(bucket(quota)).rations[0].remaining == 0

    def test_it_refills_steadily(self):
        for _ in range(3):
            left(bucket())
        assert refusal(bucket(), seconds=19).retry_after == 1
        assert left(bucket(), seconds=20) == [0]
        assert refusal(bucket(), seconds=21).retry_after == 19
        assert left(bucket(), seconds=60) == [1]

    def test_it_never_holds_more_than_the_quota(self):
        left(bucket())
        assert left(bucket(), seconds=86_400) == [2]

    def test_a_refused_one_costs_nothing(self):
        for _ in range(3):
            left(bucket())
        before = RateBucket.objects.get(subject="one").full_at
        for _ in range(20):
            refusal(bucket())
        assert RateBucket.objects.get(subject="one").full_at == before

    def test_waiting_as_long_as_it_says_is_enough(self):
        for quota in (3, 7, 600):
            name = f"of {quota}"
            for _ in range(quota):
                left(bucket(quota, name))
            assert left(bucket(quota, name), seconds=refusal(bucket(quota, name)).retry_after)

    def test_what_is_left_and_when_it_is_whole(self):
        (ration,) = rate.spend([bucket(6)], NOW)
        assert (ration.name, ration.quota, ration.window_seconds) == ("mine", 6, 60)
        assert (ration.remaining, ration.reset_seconds) == (5, 10)

    def test_subjects_are_apart(self):
        for _ in range(3):
            left(bucket())
        assert left(bucket(subject="two")) == [2]

    def test_a_narrow_one_that_refuses_spends_nothing_of_a_wide_one(self):
        wide = bucket(100, "all", "all")
        for _ in range(3):
            left(bucket(), wide)
        for _ in range(5):
            refused = refusal(bucket(), wide)
        assert [ration.remaining for ration in refused.rations] == [0, 97]
        assert left(bucket(subject="two"), wide) == [2, 96]

    def test_a_wide_one_refuses_whoever_comes(self):
        wide = bucket(3, "all", "all")
        for name in ("a", "b", "c"):
            left(bucket(subject=name), wide)
        assert refusal(bucket(subject="d"), wide).retry_after == 20

    def test_a_clock_that_was_put_back_does_not_lock_out(self):
        left(bucket(), seconds=86_400)
        assert left(bucket()) == [2]

    def test_a_neighbour_whose_clock_is_ahead_opens_nothing(self):
        for _ in range(3):
            left(bucket(), seconds=30)
        refusal(bucket())

    def test_it_is_one_statement(self):
        with CaptureQueriesContext(connection) as captured:
            rate.spend([bucket(), bucket(5, "two"), bucket(9, "all")], NOW)
        assert len(captured) == 1


@pytest.mark.django_db
class TestPurge:
    def test_forgets_what_is_full_again_and_keeps_what_is_not(self):
        left(bucket(subject="old"), seconds=-600)
        left(bucket(subject="new"))
        assert rate.purge(now=NOW, limit=100) == 1
        assert list(RateBucket.objects.values_list("subject", flat=True)) == ["new"]

    def test_at_most_so_many(self):
        for n in range(5):
            left(bucket(subject=f"old{n}"), seconds=-600)
        assert rate.purge(now=NOW, limit=3) == 3


@pytest.mark.django_db
def test_the_table_is_not_logged():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'registry_ratebucket'")
        assert cursor.fetchone() == ("u",)


def test_twenty_at_once_get_exactly_the_quota(live_db):
    subject = f"at once {world.now().isoformat()}"

    def one(_):
        try:
            rate.spend([bucket(10, subject), bucket(1000, f"all of {subject}")], NOW)
        except RateExceeded:
            return False
        return True

    assert sum(together(20, one)) == 10
