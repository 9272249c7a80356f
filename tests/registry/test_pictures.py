"""Pictures of others are drawn anew, or refused; nothing of them but what is seen goes on."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from registry import pictures
from registry.pictures import NoPicture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def encoded(kind: str, size: tuple[int, int] = (64, 32), mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red").save(out, kind, **options)
    return out.getvalue()


def opened(octets: bytes) -> Image.Image:
    picture = Image.open(BytesIO(octets))
    picture.load()
    return picture


class TestDrawn:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    def test_is_a_png_of_the_same_picture(self, kind: str) -> None:
        picture = opened(pictures.drawn(encoded(kind)))
        assert (picture.format, picture.size, picture.mode) == ("PNG", (64, 32), "RGBA")
        red, green, blue, opaque = picture.getpixel((32, 16))
        assert (red > 240, green < 15, blue < 15, opaque) == (True, True, True, 255)

    @pytest.mark.parametrize(
        ("size", "drawn"), [((256, 256), (256, 256)), ((512, 256), (256, 128)), ((16, 2048), (2, 256))]
    )
    def test_has_at_most_256_pixels_a_side(self, size: tuple[int, int], drawn: tuple[int, int]) -> None:
        assert opened(pictures.drawn(encoded("PNG", size))).size == drawn

    def test_keeps_what_is_transparent(self) -> None:
        out = BytesIO()
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
        assert opened(pictures.drawn(out.getvalue())).getpixel((4, 4))[3] == 0

    def test_keeps_nothing_but_the_picture(self) -> None:
        words = PngImagePlugin.PngInfo()
        words.add_text("Comment", "<script>alert(1)</script>")
        sent = encoded("PNG", pnginfo=words) + b"<script>alert(2)</script>"
        assert b"script" in sent
        told = pictures.drawn(sent)
        assert b"script" not in told
        assert not opened(told).info

    def test_of_a_moving_one_is_its_first_picture(self) -> None:
        frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
        out = BytesIO()
        frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
        picture = opened(pictures.drawn(out.getvalue()))
        assert picture.getpixel((4, 4))[0] > 240
        assert getattr(picture, "n_frames", 1) == 1


class TestRefused:
    @pytest.mark.parametrize(
        "octets",
        [
            b"",
            b"not a picture",
            SVG,
            b"<?xml version='1.0'?>" + SVG,
            encoded("PNG")[:60],
            encoded("JPEG")[:300],
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
            encoded("BMP"),
            encoded("TIFF"),
            encoded("ICO"),
        ],
    )
    def test_is_what_is_none_of_the_formats_or_broken(self, octets: bytes) -> None:
        with pytest.raises(NoPicture, match="no PNG"):
            pictures.drawn(octets)

    @pytest.mark.parametrize("size", [(2049, 1), (1, 2049), (9000, 9000), (12_000, 12_000), (20_000, 20_000)])
    def test_is_a_bomb_before_it_is_unpacked(self, size: tuple[int, int]) -> None:
        """A few kilobytes of black; its size alone is read."""
        header = bytearray(encoded("PNG", (1, 1), "L"))
        header[16:24] = size[0].to_bytes(4) + size[1].to_bytes(4)
        with pytest.raises(NoPicture):
            pictures.drawn(bytes(header))

    def test_is_told_for_its_size(self) -> None:
        with pytest.raises(NoPicture, match="more than 2048 pixels"):
            pictures.drawn(encoded("GIF", (2049, 1)))
        assert opened(pictures.drawn(encoded("GIF", (2048, 1)))).size == (256, 1)
