"""Names that look like one another, and the rule that keeps a client from looking like somebody else (D1)."""

import unicodedata
from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.policy.confusables import DOUBLES
from registry.policy.context import Context
from registry.policy.rule import Example, Objection, example, rule

_SHAPES = str.maketrans({double: shape for shape, doubles in DOUBLES.items() for double in doubles})
# Shapes that no font tells apart reliably, once case is gone; pairs of letters that read as one.
_CLASSES = str.maketrans("01!|i3457", "ollllests")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def skeletons(*names: str) -> frozenset[str]:
    """What is left of names when all that the eye passes over is gone. Two names look alike when they share one.

    Compatibility forms, accents, case, blanks and punctuation are folded, and letters go to the ASCII shape that they
    look like: once as they are written, and once in lower case, since capitals have other doubles than small letters.
    A name without any letter or digit has none. Does not find names that merely contain, or resemble, one another.
    Source: UTS #39 §4, UTS #36 §2.
    """
    found = (_skeleton(text) for name in names for text in (name, name.casefold()))
    return frozenset(skeleton for skeleton in found if skeleton)


def _skeleton(name: str) -> str:
    shapes = (
        _bare(name.translate(_SHAPES)).translate(_SHAPES).casefold().translate(_SHAPES).translate(_CLASSES)
    )
    letters = "".join(character for character in shapes if character.isalnum())
    for pair, letter in _PAIRS:
        letters = letters.replace(pair, letter)
    return letters


def _bare(name: str) -> str:
    """Compatibility forms in their plain form, without what combines."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(character for character in plain if not unicodedata.category(character).startswith("M"))


def names_of(metadata: ClientMetadata) -> tuple[tuple[str, str], ...]:
    """Every name that people will be shown of a client, as member and text, localized ones included."""
    plain = [("client_name", metadata.client_name)] if metadata.client_name else []
    localized = [
        (member, text) for member, text in metadata.localized if member.partition("#")[0] == "client_name"
    ]
    return (*plain, *localized)


def skeletons_of(metadata: ClientMetadata) -> frozenset[str]:
    """Of all names of a client."""
    return skeletons(*(text for _, text in names_of(metadata)))


_BANK = {"foreign_names": skeletons("Northgate Bank")}


@rule(
    "D1.lookalike",
    title="A name does not look like that of another organization, nor like one that is reserved",
    source="RFC 7591 §5; UTS #39 §4; OWASP ASVS V10.4.7",
    accepts=(
        example(_BANK, client_name="Ledger for Northgate Bank"),
        example(client_name="Northgate Bank"),
        example(_BANK, client_name="\u2014"),
    ),
    refuses=(
        example(_BANK, client_name="Northgate Bank"),
        example(_BANK, client_name="NORTHGATE  BANK."),
        example(_BANK, client_name="N\u043erthg\u0430te B\u0430nk"),
        example(_BANK, client_name="Northgate 8ank".replace("8", "\u13f4")),
        example(_BANK, client_name="\uff2eorthgate Ba\u0301nk"),
        example(_BANK, client_name="N0rthgate-Bank"),
        Example({"client_name#de": "Northgate Bank"}, _BANK),
    ),
)
def names_are_its_own(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, text in names_of(metadata):
        if skeletons(text) & context.foreign_names:
            found = "looks like the name of another organization, or like one that is reserved"
            yield Objection(member, found, "Send a name of your own.")
