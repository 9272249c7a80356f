"""What the models promise, read off Django's own description of them and off the database."""

import pytest
from django.apps import apps
from django.db import connection, models

from registry.models import Client, Organization, User

OURS = [model for model in apps.get_models() if model._meta.app_label == "registry"]
# These go with the person whose they are: tokens, codes and the sign-in library's own rows, never facts.
GO_WITH_THEIR_PERSON = {
    "registry.AccessToken",
    "registry.RefreshToken",
    "registry.Grant",
    "registry.IDToken",
    "registry.DeviceGrant",
    "account.EmailAddress",
    "account.EmailConfirmation",
    "mfa.Authenticator",
}

LIBRARY = {"IDToken", "DeviceGrant"}  # the toolkit's own, unused until their part comes

every_model = pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)


@every_model
def test_constraints_carry_a_name_that_says_what_holds(model: type[models.Model]) -> None:
    for constraint in model._meta.constraints:
        assert "_" in constraint.name
        assert model.__name__ in LIBRARY or not constraint.name.startswith("registry_")


@every_model
def test_nothing_is_unique_together_without_a_name(model: type[models.Model]) -> None:
    assert not model._meta.unique_together


@every_model
def test_rows_have_no_order_of_their_own(model: type[models.Model]) -> None:
    assert not model._meta.ordering


@every_model
def test_what_points_at_facts_protects_them(model: type[models.Model]) -> None:
    """An organization or a client can be pointed at only with PROTECT."""
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey) and field.related_model in {Organization, Client}:
            assert model.__name__ in LIBRARY or field.remote_field.on_delete is models.PROTECT, field


def test_deleting_a_person_takes_no_fact_along() -> None:
    """Only what belongs to the person, over the whole graph of Django's cascades."""
    taken, waiting = set(), [User]
    while waiting:
        for relation in waiting.pop()._meta.related_objects:
            if relation.on_delete is models.CASCADE and relation.related_model._meta.label not in taken:
                taken.add(relation.related_model._meta.label)
                waiting.append(relation.related_model)
    assert taken <= GO_WITH_THEIR_PERSON


@pytest.mark.django_db
def test_every_constraint_stands_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        held = {name for (name,) in cursor.fetchall()}
    assert {constraint.name for model in OURS for constraint in model._meta.constraints} <= held


@pytest.mark.django_db
def test_the_database_knows_no_cascade() -> None:
    """Whoever deletes rows behind Django's back meets NO ACTION everywhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'a'")
        assert cursor.fetchall() == []
