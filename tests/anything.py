"""Arbitrary input for properties, and the patience that a shared machine needs."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A slow machine is not a failure: what takes too long is measured elsewhere.
unhurried = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

# What a JSON text of ours may hold: no lone surrogate, no NUL.
sound_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | sound_text


def json_values(names: st.SearchStrategy[str] = sound_text) -> st.SearchStrategy[Any]:
    """Any JSON value of a few levels."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    )
