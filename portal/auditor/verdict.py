"""What a verification ends in: a report of what was proved, or the first thing that is not true."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field

from portal.auditor.notes import Head


class Refuted(Exception):
    """Something is not what was signed. `leaf` is the number of the first bad leaf, where it can be told."""

    def __init__(self, found: str, *, leaf: int | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.leaf = leaf

    def __str__(self) -> str:
        return self.found if self.leaf is None else f"leaf {self.leaf}: {self.found}"


@dataclass(slots=True)
class Report:
    """What was proved.

    head       the signed head under which all of it stands
    events     events that were hashed and found under its root
    heads      signed heads whose root was derived anew
    apart      known heads of other sizes that could not be compared: they need a consistency proof
    witnesses  names of known witnesses whose cosignature was verified
    unknown    cosignatures of witnesses whose key was not given
    """

    subject: str
    head: Head | None = None
    events: int = 0
    heads: int = 0
    apart: int = 0
    witnesses: set[str] = field(default_factory=set)
    unknown: int = 0

    def take_witnesses(self, head: Head) -> None:
        self.witnesses |= head.witnesses
        self.unknown += head.unknown

    def lines(self) -> Iterator[str]:
        yield f"{self.subject} is as it was signed."
        if self.head is not None:
            root = b64encode(self.head.root).decode()
            yield f"log         {self.head.origin}"
            yield f"tree        {self.head.size} leaves, root {root}"
        yield f"verified    {self.events} events, {self.heads} signed heads"
        if self.witnesses:
            yield f"witnesses   {', '.join(sorted(self.witnesses))}"
        if self.unknown:
            yield f"not judged  {self.unknown} cosignatures: give their witness's key with --witness-key"
        if self.apart:
            yield f"not judged  {self.apart} checkpoints of other sizes: a partial export does not lead to them"
