"""What scopes mean to the person who is asked for consent."""

from collections import defaultdict


class _Words(defaultdict[str, str]):
    """Words for known scopes; an unknown one is shown by its own name."""

    def __missing__(self, scope: str) -> str:
        return scope


SCOPE_WORDS = _Words(
    None,
    {
        "accounts:read": "See your accounts and their balances",
        "transactions:read": "See your transactions",
        "payments:write": "Prepare payments in your name",
        "profile:read": "See your name and address",
        "health-records:read": "See your health records",
    },
)
