"""How often a service client, and all of its organization together, may ask (docs/adr/0010)."""

from django.conf import settings

from registry import clock, rate
from registry.actors import Actor
from registry.errors import Ration
from registry.rate import Bucket


def spend(actor: Actor, *, stops: bool) -> tuple[Ration, ...]:
    """Spend one request. Raises RateExceeded.

    stops  the request stops something: a bucket of its own, so that it never waits behind other work
    """
    limits = settings.REGISTRY
    if stops:
        own = Bucket("stop", f"api:stop:{actor.id}", limits.api_requests_per_minute)
        return rate.spend((own,), clock.now())
    own = Bucket("service", f"api:{actor.id}", limits.api_requests_per_minute)
    shared = Bucket(
        "organization", f"api:{actor.organization_id}", limits.api_requests_per_minute_of_organization
    )
    return rate.spend((own, shared), clock.now())
