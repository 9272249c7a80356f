"""What the test harness promises to every other test."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from pytest_socket import SocketConnectBlockedError


def asked(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {question}")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
class TestRolledBack:
    def test_works_as_the_application(self) -> None:
        assert asked("current_user") == "concordat_app"

    @pytest.mark.parametrize("attempt", [1, 2])
    def test_leaves_nothing_behind(self, attempt: int) -> None:
        assert not Group.objects.filter(name="left behind").exists()
        Group.objects.create(name="left behind")


class TestCommitted:
    def test_is_another_database(self, live_db: None) -> None:
        assert asked("current_database()").endswith("_live")

    def test_can_be_one_of_its_own(self, clone_database: Callable[[], AbstractContextManager[str]]) -> None:
        with clone_database() as name:
            Group.objects.create(name="alone")
            assert asked("current_database()") == name
        with clone_database():
            assert not Group.objects.filter(name="alone").exists()


class TestSockets:
    @pytest.mark.filterwarnings("ignore:A test tried to use")
    @pytest.mark.parametrize("address", ["192.0.2.1", "8.8.8.8", "2001:db8::1"])
    def test_reach_no_further_than_loopback(self, address: str) -> None:
        with pytest.raises(SocketConnectBlockedError):
            socket.create_connection((address, 443), 1)

    def test_reach_loopback(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            socket.create_connection(listener.getsockname(), 1).close()
