"""Acts as the staff portal names them: those of `portal.acts`."""

from portal.acts import (
    FRESH_FACTOR,
    TELLABLE,
    answer,
    at_once,
    bound,
    gone,
    refused,
    with_fresh_factor,
)

__all__ = ["FRESH_FACTOR", "TELLABLE", "answer", "at_once", "bound", "gone", "refused", "with_fresh_factor"]
