"""What the holder of one client has: its secrets, its keys, its registration access token."""

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Listing
from portal.api.schema import documented, writing
from portal.api.scopes import Scope
from portal.api.shapes import client_credentials as shapes
from portal.api.shapes import clients
from portal.api.shapes.base import Paged, Reason
from portal.api.views.clients import Acted
from registry import client_credentials, queries, registration, updates
from registry.routes import promotion

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Secrets(Listing, Acted):
    scopes = {"GET": Scope.CLIENTS_READ, "POST": Scope.CREDENTIALS_WRITE}
    order = "-created_at"

    @documented("List the secrets of a client", shapes.Secret(many=True), filters=Paged, refuses=(404,))
    def get(self, request: Request, client_id: str) -> Response:
        self.asked(Paged)
        return self.page(queries.secrets(self.viewer, client_id), shapes.Secret)

    @writing(
        "Add a second secret; its value is in this answer alone",
        shapes.IssuedSecret,
        reads=Reason,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        self.guard(target.organization_id)
        with self.as_seen(target):
            minted = client_credentials.add_client_secret(target.client_id, **said, **self.act)
        ends = registration.seconds(minted.expires_at)
        shown = {"client_secret": minted.value, "client_secret_expires_at": ends}
        return Response(shown, status=201, headers=NO_STORE)


class SecretRetire(Acted):
    scopes = {"POST": Scope.CREDENTIALS_WRITE}

    @writing("Retire one of two secrets", clients.Client, reads=Reason, refuses=(404,), edition=True)
    def post(self, request: Request, client_id: str, secret_id: int) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        with self.as_seen(target):
            client_credentials.retire_client_secret(target.client_id, secret_id, **said, **self.act)
        return self.answer(target)


class Keys(Listing, Acted):
    scopes = {"GET": Scope.CLIENTS_READ, "POST": Scope.CREDENTIALS_WRITE}
    order = "-created_at"

    @documented("List the keys of a client", shapes.Key(many=True), filters=Paged, refuses=(404,))
    def get(self, request: Request, client_id: str) -> Response:
        self.asked(Paged)
        return self.page(queries.keys(self.viewer, client_id), shapes.Key)

    @writing("Add a public key", clients.Client, reads=shapes.NewKey, refuses=(404,), edition=True)
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(shapes.NewKey)
        self.guard(target.organization_id)
        with self.as_seen(target):
            updates.add_key(target.client_id, said.pop("jwk"), **said, **self.act)
        return self.answer(self.target(client_id))


class KeyRetire(Acted):
    scopes = {"POST": Scope.CREDENTIALS_WRITE}

    @writing("Take a key out of use", clients.Client, reads=Reason, refuses=(404,), edition=True)
    def post(self, request: Request, client_id: str, thumbprint: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        with self.as_seen(target):
            updates.retire_key(target.client_id, thumbprint, **said, **self.act)
        return self.answer(self.target(client_id))


class Promote(Acted):
    scopes = {"POST": Scope.CREDENTIALS_WRITE}

    @writing(
        "Register in production what a client of the sandbox is; its credentials are in this answer alone",
        shapes.Promoted,
        reads=shapes.Promotion,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(shapes.Promotion)
        self.guard(target.organization_id)
        with self.as_seen(target):
            made = promotion.promote(target.client_id, **said, **self.act)
        address = registration.configuration_address(made.client_id)
        shown = {**asdict(made), "registration_client_uri": address}
        return Response(shapes.Promoted(shown).data, status=201, headers=NO_STORE)


class RegistrationAccessToken(Acted):
    scopes = {"POST": Scope.CREDENTIALS_WRITE}

    @writing(
        "Issue a registration access token anew; all others of the client end",
        shapes.IssuedRegistrationAccessToken,
        reads=Reason,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, client_id: str) -> Response:
        target, said = self.target(client_id), self.body(Reason)
        self.guard(target.organization_id)
        with self.as_seen(target):
            value = client_credentials.reissue_registration_access_token(target.client_id, **said, **self.act)
        address = registration.configuration_address(target.client_id)
        shown = {"registration_access_token": value, "registration_client_uri": address}
        return Response(shown, status=201, headers=NO_STORE)
