"""The Merkle tree of RFC 9162 as its definition says it, recursively and slowly: what both trees are held to.

D[k1:k2] of the text is `begin, end` here: a part of ENTRIES.
"""

from functools import cache
from hashlib import sha256

ENTRIES = tuple(b"entry %d" % number for number in range(201))


@cache
def root(begin: int, end: int) -> bytes:
    """MTH(D[begin:end]), §2.1.1."""
    n = end - begin
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + ENTRIES[begin]).digest()
    k = half(n)
    return sha256(b"\x01" + root(begin, begin + k) + root(begin + k, end)).digest()


@cache
def half(n: int) -> int:
    """k, the largest power of two smaller than n."""
    k = 1
    while k << 1 < n:
        k <<= 1
    return k


def path(m: int, begin: int, end: int) -> list[bytes]:
    """PATH(m, D[begin:end]), §2.1.3.1."""
    if end - begin == 1:
        return []
    k = half(end - begin)
    if m < k:
        return [*path(m, begin, begin + k), root(begin + k, end)]
    return [*path(m - k, begin + k, end), root(begin, begin + k)]


def subproof(m: int, begin: int, end: int, *, known: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[begin:end], known), §2.1.4.1; PROOF(m, D_n) at the top."""
    if m == end - begin:
        return [] if known else [root(begin, end)]
    k = half(end - begin)
    if m <= k:
        return [*subproof(m, begin, begin + k, known=known), root(begin + k, end)]
    return [*subproof(m - k, begin + k, end, known=False), root(begin, begin + k)]
