"""Passwords of the tests are hashed as in production, by the same algorithm, for a thousandth of its price.

The web server that tests start keeps the product's own hasher: it reads the price from the hash, and takes these too.
"""

from django.contrib.auth.hashers import ScryptPasswordHasher


class WeakScrypt(ScryptPasswordHasher):
    """Not for passwords of people."""

    work_factor = 16
