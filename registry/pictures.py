"""Pictures of others, drawn anew: what comes out is ours, whatever came in."""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

FORMATS = ("GIF", "JPEG", "PNG", "WEBP")
MAXIMUM_SIDE = 2048
SIDE = 256

_FAULTS = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,  # how Pillow says that a chunk is broken
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class NoPicture(Exception):
    """It is none of the formats, too large, or broken; `found` continues the name of the member."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def drawn(octets: bytes) -> bytes:
    """A PNG of at most 256 pixels a side with the first picture in `octets`, and nothing else of them.

    Reads raster formats alone: SVG is a program. Looks at the size before it unpacks anything. Raises NoPicture.
    """
    try:
        with Image.open(BytesIO(octets), formats=FORMATS) as picture:
            if max(picture.size) > MAXIMUM_SIDE:
                raise NoPicture(f"is a picture of more than {MAXIMUM_SIDE} pixels a side")
            return _png(picture)
    except _FAULTS as cause:
        raise NoPicture("is no PNG, JPEG, WebP or GIF that can be read") from cause


def _png(picture: Image.Image) -> bytes:
    """Pasted onto an empty one: names, profiles, comments and what stands behind the picture stay behind."""
    small = picture.convert("RGBA")
    small.thumbnail((SIDE, SIDE))
    plain = Image.new("RGBA", small.size)
    plain.paste(small)
    out = BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue()
