"""Shapes of clients made by hand. Credentials travel once, in the answer to the act that made them."""

from rest_framework.serializers import ChoiceField, DictField

from portal.api.shapes.base import Line, Reason, Shape, Text, environment, instant, state
from portal.api.shapes.clients import Client
from registry.states import ExceptionReason


class ManualRegistration(Shape):
    """A client to register by hand, and the exception under which it is."""

    environment = environment()
    metadata = DictField(help_text="Client metadata (RFC 7591 §2)")
    exception = ChoiceField([reason.value for reason in ExceptionReason])
    evidence = Text(max_length=4000, help_text="What was seen that shows it")
    sponsor = Line(
        max_length=254, help_text="E-mail address of the person of the operator who answers for it"
    )
    ends_at = instant(
        help_text="After now, within twelve months; then the client expires unless it is renewed"
    )


class RegisteredClient(Shape):
    client_id = Text()
    state = state()
    metadata = DictField(help_text="Effective metadata (RFC 7591 §2)")
    client_secret = Text(allow_null=True, help_text="In this answer alone; null where the client has none")
    registration_access_token = Text(help_text="In this answer alone")


class Renewal(Reason):
    """Another end of an exception."""

    ends_at = instant(help_text="After now, within twelve months")


class MovedClient(Client):
    """A client that was moved to dynamic registration, with its one new token."""

    registration_access_token = Text(help_text="In this answer alone")
