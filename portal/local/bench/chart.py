"""The chart of cost against the number of clients, as SVG without style or script of its own."""

from collections.abc import Iterator, Mapping
from math import log10

from portal.local.bench.rounds import Figures

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 24, 40
COLOURS = ("#1f5fa8", "#b4511f", "#2c7a4b", "#7a3b8f")


def drawn(sizes: Mapping[int, Mapping[str, Figures]]) -> str:
    """One line for each operation: clients on a logarithmic axis, CPU-ms per request from zero."""
    return "\n".join(["<svg " + _attributes() + ">", *_axes(sizes), *_lines(sizes), "</svg>", ""])


def _attributes() -> str:
    return (
        f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' aria-label="CPU milliseconds per request against number of clients" font-family="sans-serif"'
        ' font-size="12"'
    )


def _axes(sizes: Mapping[int, Mapping[str, Figures]]) -> Iterator[str]:
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    for size in sizes:
        x = _x(size, sizes)
        yield f'<text x="{x:.0f}" y="{HEIGHT - 16}" text-anchor="middle" fill="#444444">{size:,}</text>'
    for share in (0.0, 0.5, 1.0):
        value = _highest(sizes) * share
        y = _y(value, sizes)
        yield f'<path d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}" stroke="#dddddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end" fill="#444444">{value:.1f}</text>'
    yield f'<text x="{LEFT}" y="14" fill="#444444">CPU ms per request, by number of clients</text>'


def _lines(sizes: Mapping[int, Mapping[str, Figures]]) -> Iterator[str]:
    last = max(sizes)
    for operation, colour in zip(sizes[last], COLOURS, strict=False):
        points = [(_x(size, sizes), _y(figures[operation].cpu, sizes)) for size, figures in sizes.items()]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        x, y = points[-1]
        yield f'<text x="{x + 8:.0f}" y="{y + 4:.0f}" fill="{colour}">{operation}</text>'


def _x(size: int, sizes: Mapping[int, object]) -> float:
    first, last = log10(min(sizes)), log10(max(sizes))
    share = (log10(size) - first) / (last - first or 1)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, sizes: Mapping[int, Mapping[str, Figures]]) -> float:
    return HEIGHT - BOTTOM - value / _highest(sizes) * (HEIGHT - TOP - BOTTOM)


def _highest(sizes: Mapping[int, Mapping[str, Figures]]) -> float:
    return max(figure.cpu for figures in sizes.values() for figure in figures.values()) or 1.0
