"""As many people, clients and tokens as the product's database has, in the toolkit's tables."""

from collections.abc import Iterator

import psycopg

from portal.local.bench.plan import Plan

INTROSPECTOR = "introspector"  # the value of the token that the resource server introspects with
_PEOPLE = """
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
                       date_joined)
SELECT n + 1, '!', false, 'erin.' || n, '', '', 'erin.' || n || '@people.example', false, true, now()
FROM generate_series(0, {organizations} - 1) n
"""
_CLIENTS = """
INSERT INTO oauth2_provider_application (
    id, client_id, redirect_uris, post_logout_redirect_uris, client_type, authorization_grant_type, client_secret,
    hash_client_secret, name, skip_authorization, created, updated, algorithm, allowed_origins,
    registration_source, user_id)
SELECT n + 1, 'c_' || left(md5('client' || n), 24), 'https://app.partner.example/callback', '', 'confidential',
       CASE WHEN n % 4 < 2 THEN 'client-credentials' ELSE 'authorization-code' END,
       'pcs_' || lpad(n::text, 43, '0'), false, 'Ledger', false, now(), now(), '', '', 'dcr', n / {each} + 1
FROM generate_series(0, {clients} - 1) n
"""
_ACCESS_TOKENS = """
INSERT INTO oauth2_provider_accesstoken (
    id, token, token_checksum, expires, scope, created, updated, application_id, user_id, resource)
SELECT n + 1, value, encode(sha256(value::bytea), 'hex'), now() + interval '1 day', 'read', now(), now(), client + 1,
       CASE WHEN client % 4 < 2 THEN NULL ELSE client / {each} + 1 END, '[]'
FROM (SELECT n, 'cat_' || lpad(n::text, 43, '0') AS value, n % {clients} AS client
      FROM generate_series(0, 2 * {clients} - 1) n)
"""
_INTROSPECTOR = """
INSERT INTO oauth2_provider_accesstoken (
    id, token, token_checksum, expires, scope, created, updated, application_id, resource)
SELECT 2 * {clients} + 1, value, encode(sha256(value::bytea), 'hex'), now() + interval '1 day', 'introspection',
       now(), now(), 1, '[]'
FROM (VALUES ('{introspector}')) AS one(value)
"""
# Each refresh token with the access token that came with it, as the toolkit keeps them.
_THEIR_ACCESS_TOKENS = """
INSERT INTO oauth2_provider_accesstoken (
    id, token, token_checksum, expires, scope, created, updated, application_id, user_id, resource)
SELECT 2 * {clients} + 2 + n, value, encode(sha256(value::bytea), 'hex'), now() + interval '1 day', 'read', now(),
       now(), client + 1, client / {each} + 1, '[]'
FROM (SELECT n, 'cat_' || lpad((2 * {clients} + 1 + n)::text, 43, '0') AS value, {client} AS client
      FROM generate_series(0, {refresh_tokens} - 1) n)
"""
_REFRESH_TOKENS = """
INSERT INTO oauth2_provider_refreshtoken (
    id, token, token_checksum, created, updated, application_id, user_id, access_token_id, token_family, resource)
SELECT n + 1, value, encode(sha256(value::bytea), 'hex'), now(), now(), client + 1, client / {each} + 1,
       2 * {clients} + 2 + n, md5('family' || n)::uuid, '[]'
FROM (SELECT n, 'crt_' || lpad(n::text, 43, '0') AS value, {client} AS client
      FROM generate_series(0, {refresh_tokens} - 1) n)
"""
_SEQUENCE = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
_ROWS = (_PEOPLE, _CLIENTS, _ACCESS_TOKENS, _INTROSPECTOR, _THEIR_ACCESS_TOKENS, _REFRESH_TOKENS)
_TABLES = (
    "auth_user",
    "oauth2_provider_application",
    "oauth2_provider_accesstoken",
    "oauth2_provider_refreshtoken",
)


def fill(url: str, plan: Plan) -> None:
    """Write the rows as the superuser, without triggers; then vacuum, analyse and checkpoint."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        for statement in _statements(plan):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _statements(plan: Plan) -> Iterator[str]:
    values = {
        "organizations": plan.organizations,
        "clients": plan.clients,
        "each": plan.clients_each,
        "refresh_tokens": plan.refresh_tokens,
        "client": plan.client_of_refresh_token_in_sql,
        "introspector": INTROSPECTOR,
    }
    yield from (rows.format(**values) for rows in _ROWS)
    yield from (_SEQUENCE.format(table=table) for table in _TABLES)
