"""What the state model says, written out a second time: registration.md §2.1 and the issue's §1.10, cell by cell.

Nothing here is computed from `registry.states`; a test compares the two.
"""

from collections.abc import Mapping

# Which state an event leads to; "." refuses. Restore and reactivate lead back to the state held before.

ORGANIZATION_EVENTS = """
             submit   approve  reject   restrict    lift     contain    restore  revoke   offboard
draft        pending  .        .        .           .        suspended  .        revoked  .
pending      .        active   draft    .           .        suspended  .        revoked  .
active       .        .        .        restricted  .        suspended  .        revoked  offboarded
restricted   .        .        .        .           active   suspended  .        revoked  offboarded
suspended    .        .        .        .           .        .          active   revoked  offboarded
revoked      .        .        .        .           .        .          .        .        .
offboarded   .        .        .        .           .        .          .        .        .
"""

CLIENT_EVENTS = """
             approve  reject   restrict    lift     suspend    expire     reactivate  revoke   deregister
draft        .        .        .           .        .          .          .           .        .
pending      active   revoked  .           .        suspended  suspended  .           revoked  offboarded
active       .        .        restricted  .        suspended  suspended  .           revoked  offboarded
restricted   .        .        .           active   suspended  suspended  .           revoked  offboarded
suspended    .        .        .           .        .          .          active      revoked  offboarded
revoked      .        .        .           .        .          .          .           .        .
offboarded   .        .        .           .        .          .          .           .        .
"""

# What a state allows. Each row is an action, because there are more actions than states.

ORGANIZATION_ACTIONS = """
                     draft    pending  active  restricted  suspended  revoked  offboarded
register             sandbox  sandbox  yes     no          no         no       no
authorize            sandbox  sandbox  yes     reduced     no         no       no
issue                sandbox  sandbox  yes     reduced     no         no       no
refresh              sandbox  sandbox  yes     reduced     no         no       no
introspect           sandbox  sandbox  yes     yes         no         no       no
use                  sandbox  sandbox  yes     yes         no         no       no
userinfo             sandbox  sandbox  yes     yes         no         no       no
read_registration    yes      yes      yes     yes         forbidden  gone     gone
write_registration   yes      yes      yes     reduced     forbidden  gone     gone
delete_registration  yes      yes      yes     yes         forbidden  gone     gone
portal_read          yes      yes      yes     yes         yes        no       no
portal_write         yes      yes      yes     reduced     no         no       no
fetch_keys           yes      yes      yes     yes         no         no       no
revoke_token         yes      yes      yes     yes         yes        no       no
withdraw_consent     yes      yes      yes     yes         yes        no       no
"""

CLIENT_ACTIONS = """
                     draft      pending    active  restricted  suspended  revoked  offboarded
register             yes        yes        yes     no          no         no       no
authorize            undecided  undecided  yes     reduced     no         no       no
issue                undecided  undecided  yes     reduced     no         no       no
refresh              undecided  undecided  yes     reduced     no         no       no
introspect           no         no         yes     yes         no         no       no
use                  no         no         yes     yes         no         no       no
userinfo             no         no         yes     yes         no         no       no
read_registration    yes        yes        yes     yes         forbidden  gone     gone
write_registration   yes        yes        yes     reduced     forbidden  gone     gone
delete_registration  yes        yes        yes     yes         forbidden  gone     gone
portal_read          yes        yes        yes     yes         yes        no       no
portal_write         yes        yes        yes     reduced     no         no       no
fetch_keys           yes        yes        yes     yes         no         no       no
revoke_token         yes        yes        yes     yes         yes        no       no
withdraw_consent     yes        yes        yes     yes         yes        no       no
"""

# From the weakest objection to the strongest; the first two let the act happen.
STRICTNESS = ("yes", "reduced", "undecided", "forbidden", "no", "gone")
ALLOWING = ("yes", "reduced")


def read(table: str) -> Mapping[tuple[str, str], str]:
    """(row, column) → cell."""
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {(row[0], column): cell for row in rows for column, cell in zip(head, row[1:], strict=True)}
