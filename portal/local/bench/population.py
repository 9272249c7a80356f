"""Fill the product's database: copy the seed's rows as often as the plan asks, with values of their own.

Columns that nothing is said about are taken over from the seed, so a new column needs no word here. Written as the
superuser with triggers off (foreign keys included): it is a hundred times a single registration a millisecond.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from portal.local.bench import names
from portal.local.bench.documents import KINDS, SEED_DOMAIN
from portal.local.bench.plan import Plan

Connection = psycopg.Connection[tuple[Any, ...]]
HMAC_BLOCK = 64
_FIRST_GRANT = """(
    SELECT min(e.id::text)::uuid FROM registry_auditevent e WHERE e.action = 'registration.request.granted')"""


def fill(url: str, plan: Plan, seed: Mapping[str, Any], credential_key: str) -> None:
    """Make the plan's organizations and clients; then vacuum, analyse and checkpoint, so that no round pays for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        Population(connection, plan, seed, credential_key).make()
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


_LATELY = "now() - random() * interval '20 minutes'"  # so that no use has to be noted


class Population:
    """The rows of one database. In every expression `n` is the row's number and `t` the row it is copied from."""

    def __init__(
        self, connection: Connection, plan: Plan, seed: Mapping[str, Any], credential_key: str
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._seed = seed
        self._digest = _digest_in_sql(credential_key)
        self._base = self._number("SELECT max(id) + 1 FROM registry_client")
        self._owner = f"md5('organization' || (n / {plan.clients_each}))::uuid"
        self._domain = f"'partner-' || lpad((n / {plan.clients_each})::text, 6, '0') || '.example'"

    def make(self) -> None:
        self._organizations()
        self._people()
        self._clients()
        self._credentials()
        self._keys()
        self._decisions()
        self._events()
        self._tokens()

    def _organizations(self) -> None:
        its_own = f"t.organization_id = '{self._seed['organization']}'"
        owner = {"organization_id": "md5('organization' || n)::uuid"}
        number = "lpad(n::text, 6, '0')"
        self._copy(
            "organization",
            f"t.id = '{self._seed['organization']}'",
            self._plan.organizations,
            id="md5('organization' || n)::uuid",
            slug=f"'partner-' || {number}",
            legal_name=f"'Partner ' || {number} || ' AS'",
            display_name=f"'Partner ' || {number}",
            registration_number=f"'NO ' || {number}",
        )
        for table in ("entitlement", "quota"):
            self._copy(table, its_own, self._plan.organizations, **owner)
        self._copy(
            "contact",
            its_own,
            self._plan.organizations,
            **owner,
            email=f"t.kind || '@partner-' || {number} || '.example'",
        )
        self._copy(
            "proveddomain",
            its_own,
            self._plan.organizations,
            **owner,
            domain=f"'partner-' || {number} || '.example'",
        )
        self._copy(
            "initialaccesstoken",
            its_own,
            self._plan.organizations,
            **owner,
            id="md5('initial' || n)::uuid",
            uses="0",
            digest=self._digest.format("'pri_' || lpad(n::text, 43, '0')"),
        )

    def _people(self) -> None:
        self._copy(
            "user",
            f"t.id = '{self._seed['user']}'",
            self._plan.organizations,
            id="md5('person' || n)::uuid",
            email="'erin.' || n || '@people.example'",
        )

    def _clients(self) -> None:
        by_kind = ", ".join(f"'{self._seed['clients'][kind]}'" for kind in KINDS)
        self._copy(
            "client",
            f"t.client_id = (ARRAY[{by_kind}])[n % 4 + 1]",
            self._plan.clients,
            id=f"{self._base} + n",
            client_id="'c_' || left(md5('client' || n), 24)",
            organization_id=self._owner,
            metadata=self._moved("metadata"),
            redirect_uris=f"replace(t.redirect_uris, '{SEED_DOMAIN}', {self._domain})",
            registered_at="now() - (1 + random() * 300) * interval '1 day'",
            last_used_at=_LATELY,
        )
        self._connection.execute(
            "SELECT setval('registry_client_id_seq', (SELECT max(id) FROM registry_client))"
        )

    def _credentials(self) -> None:
        client = {"client_id": f"{self._base} + n"}
        self._copy(
            "clientsecret",
            f"t.client_id = {self._row_of('machine_secret')} AND n % 2 = 0",
            self._plan.clients,
            **client,
            digest=self._digest.format("'pcs_' || lpad(n::text, 43, '0')"),
            last_used_at=_LATELY,
        )
        self._copy(
            "registrationaccesstoken",
            f"t.client_id = {self._row_of('machine_secret')}",
            self._plan.clients,
            **client,
            digest=self._digest.format("'prr_' || lpad(n::text, 43, '0')"),
            first_used_at=_LATELY,
            last_used_at=_LATELY,
        )

    def _keys(self) -> None:
        self._connection.execute(
            "CREATE TEMP TABLE bench_key (n int PRIMARY KEY, thumbprint text, jwk jsonb)"
        )
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY bench_key (n, thumbprint, jwk) FROM STDIN") as copy,
        ):
            for row in _keys(self._plan.clients):
                copy.write_row(row)
        self._copy(
            "clientkey",
            f"t.client_id = {self._row_of('machine_key')} AND n % 2 = 1",
            self._plan.clients,
            client_id=f"{self._base} + n",
            organization_id=self._owner,
            kid="(SELECT k.jwk ->> 'kid' FROM bench_key k WHERE k.n = s.n)",
            thumbprint="(SELECT k.thumbprint FROM bench_key k WHERE k.n = s.n)",
            jwk="(SELECT k.jwk FROM bench_key k WHERE k.n = s.n)",
            last_used_at=_LATELY,
        )

    def _decisions(self) -> None:
        self._copy(
            "registration",
            f"t.client_id = {self._row_of('web_key')}",
            self._plan.clients,
            id="md5('registration' || n)::uuid",
            client_id=f"{self._base} + n",
            organization_id=self._owner,
            initial_access_token_id=f"md5('initial' || (n / {self._plan.clients_each}))::uuid",
            metadata=self._moved("metadata"),
        )

    def _events(self) -> None:
        its_own = f"t.organization_id = '{self._seed['organization']}'"
        self._copy(
            "auditevent",
            f"{its_own} AND t.subject_kind = 'organization'",
            self._plan.organizations,
            id="uuidv7()",
            organization_id="md5('organization' || n)::uuid",
            subject_id="'partner-' || lpad(n::text, 6, '0')",
        )
        self._copy(
            "auditevent",
            f"t.id = {_FIRST_GRANT}",
            self._plan.clients,
            id="uuidv7()",
            organization_id=self._owner,
            subject_id="md5('registration' || n)",
            after=self._moved("after"),
        )

    def _tokens(self) -> None:
        """Two access tokens for each client, and refresh tokens for web clients that prove themselves by a secret."""
        client = f"(n % {self._plan.clients})"
        owner = self._owner.replace("n /", f"{client} /")
        of_client = {
            "application_id": f"{self._base} + {client}",
            "organization_id": owner,
            "created": "now()",
            "updated": "now()",
        }
        for kind, remainders in (("machine_secret", "(0, 1)"), ("web_secret", "(2, 3)")):
            person = (
                "NULL"
                if kind == "machine_secret"
                else f"md5('person' || {client} / {self._plan.clients_each})::uuid"
            )
            self._copy(
                "accesstoken",
                f"t.application_id = {self._row_of(kind)} AND {client} % 4 IN {remainders}",
                2 * self._plan.clients,
                **of_client,
                user_id=person,
                family="NULL",
                token_checksum=_checksum_in_sql("cat_"),
                expires="now() + interval '1 day'",
            )
        self._refresh_tokens()

    def _refresh_tokens(self) -> None:
        client = self._plan.client_of_refresh_token_in_sql
        self._copy(
            "refreshtoken",
            f"t.application_id = {self._row_of('web_secret')}",
            self._plan.refresh_tokens,
            application_id=f"{self._base} + {client}",
            organization_id=self._owner.replace("n /", f"{client} /"),
            user_id=f"md5('person' || {client} / {self._plan.clients_each})::uuid",
            token_family="md5('family' || n)::uuid",
            token_checksum=_checksum_in_sql("crt_"),
            created="now()",
            updated="now()",
        )

    def _row_of(self, kind: str) -> str:
        return f"(SELECT id FROM registry_client WHERE client_id = '{self._seed['clients'][kind]}')"  # noqa: S608  # ours

    def _moved(self, column: str) -> str:
        """A JSON column of the seed with the host of the row's organization in place of the seed's."""
        return f"replace(t.{column}::text, '{SEED_DOMAIN}', {self._domain})::jsonb"

    def _copy(self, table: str, where: str, count: int, **values: str) -> None:
        """Copy the rows `t` that fit, once for each n from 0 to count - 1."""
        columns = [name for name in self._columns(f"registry_{table}") if name in values or name != "id"]
        expressions = ", ".join(values.get(name, f't."{name}"') for name in columns)
        listed = ", ".join(f'"{name}"' for name in columns)
        statement = (
            f"INSERT INTO registry_{table} ({listed}) SELECT {expressions}"  # noqa: S608  # all of it is ours
            f" FROM registry_{table} t CROSS JOIN generate_series(0, {count - 1}) s(n) WHERE {where}"
        )
        self._connection.execute(statement.encode())

    def _columns(self, table: str) -> list[str]:
        rows = self._connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        )
        return [str(row[0]) for row in rows]

    def _number(self, query: str) -> int:
        row = self._connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


def _keys(clients: int) -> Iterator[tuple[int, str, str]]:
    """Number, thumbprint (RFC 7638) and JWK of every client that proves itself by a key."""
    for number in range(1, clients, 2):
        jwk = names.public_jwk(names.private_key(f"client {number}"), f"key-{number}")
        yield number, names.thumbprint(jwk), json.dumps(jwk)


def _digest_in_sql(credential_key: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of a text expression, to be put in place of {}; core PostgreSQL has SHA-256 alone."""
    key = urlsafe_b64decode(credential_key).ljust(HMAC_BLOCK, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in key).hex() for pad in (0x36, 0x5C))
    return f"encode(sha256('\\x{outer}'::bytea || sha256('\\x{inner}'::bytea || convert_to({{}}, 'UTF8'))), 'hex')"


def _checksum_in_sql(prefix: str) -> str:
    return f"encode(sha256(convert_to('{prefix}' || lpad(n::text, 43, '0'), 'UTF8')), 'hex')"
