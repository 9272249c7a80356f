"""Rows locked until the transaction ends. An organization's row stands for all that belongs to it, and comes first."""

from uuid import UUID

from django.db import connection, transaction

from registry.models import Client, Organization
from registry.whole_rows import Row, Whole

_ORGANIZATION, _CLIENT = Whole(Organization, "o"), Whole(Client, "c")
_BY_ID = f"""
SELECT {_ORGANIZATION.columns} FROM registry_organization o WHERE o.id = %s FOR NO KEY UPDATE
"""  # noqa: S608  # its parts are constants of this program
_BY_CLIENT = f"""
SELECT {_ORGANIZATION.columns} FROM registry_organization o
WHERE o.id = (SELECT organization_id FROM registry_client WHERE client_id = %s) FOR NO KEY UPDATE
"""  # noqa: S608  # the same
_OF_CLIENT = f"""
SELECT {_CLIENT.columns} FROM registry_client c WHERE c.client_id = %s FOR NO KEY UPDATE
"""  # noqa: S608  # the same


def organization(organization_id: UUID) -> Organization | None:
    """None when there is none. Raises TransactionManagementError outside a transaction."""
    return _locked(_ORGANIZATION, _BY_ID, organization_id)


def client(client_id: str) -> Client | None:
    """A client with its organization, which is locked first: what is read of the client was written before that."""
    holder, row = _locked(_ORGANIZATION, _BY_CLIENT, client_id), _locked(_CLIENT, _OF_CLIENT, client_id)
    if holder is None or row is None:
        return None
    row.organization = holder
    return row


def _locked(kind: Whole[Row], statement: str, identifier: UUID | str) -> Row | None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A lock outside a transaction holds nobody.")
    with connection.cursor() as cursor:
        cursor.execute(statement, [identifier])
        row = cursor.fetchone()
    return kind.row(row) if row else None
