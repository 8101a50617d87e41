"""Which products a listing could be at all: nearest by words, codes and character n-grams, without comparing all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack

from matching.readings import Reading, Table
from matching.sparse import Floats, Ints, incidence, rarity, unit, weighted
from matching.text import words

TOP = 20
GRAM = 3
# Shares of the squared similarity: words and codes, character n-grams, brand and category.
WORD_SHARE, GRAM_SHARE, KIND_SHARE = 0.5, 0.45, 0.05
CODE_WEIGHT = 1.5
# Rows of products that one listing is held against at most; its rarest words and n-grams come first.
POSTINGS = 30_000
CHUNK = 500


def candidates(listings: Table, products: Table, top: int = TOP) -> pd.DataFrame:
    """The `top` nearest products of each listing that shares anything with one: left, right, near.

    left and right (int64) are positions in the tables, near is a cosine 0..1; rows are sorted by left, then
    nearest first, ties by position. Cost grows with the listings; memory is bounded by the chunk.
    """
    left, right = vectors(listings, products)
    trimmed = _trimmed(left, np.bincount(right.indices, minlength=right.shape[1]))
    turned = right.T.tocsr()
    parts = [part for start in range(0, len(listings), CHUNK) for part in _chunk(trimmed, turned, start, top)]
    if not parts:
        return pd.DataFrame({"left": np.zeros(0, np.int64), "right": np.zeros(0, np.int64), "near": np.zeros(0)})
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return pd.DataFrame({"left": found[0], "right": found[1], "near": np.clip(found[2], 0, 1)})


def vectors(listings: Table, products: Table) -> tuple[csr_array, csr_array]:
    """Rows of unit length over one vocabulary of words, n-grams and kinds."""
    sides: tuple[list[csr_array], list[csr_array]] = ([], [])
    for share, reader in ((WORD_SHARE, _words), (GRAM_SHARE, _grams), (KIND_SHARE, _kinds)):
        pair = incidence([reader(row) for row in listings.rows], [reader(row) for row in products.rows])
        weights = rarity(*pair)
        for side, matrix in zip(sides, pair, strict=True):
            scaled = unit(weighted(matrix, weights))
            side.append(csr_array(scaled * np.sqrt(share)))
    return unit(csr_array(hstack(sides[0], "csr"))), unit(csr_array(hstack(sides[1], "csr")))


def _words(row: Reading) -> Sequence[str]:
    return [*row.words, *(f"#{code}" for code in row.codes)]


def _grams(row: Reading) -> Sequence[str]:
    return grams(row.name)


def grams(name: str) -> list[str]:
    """Character n-grams of each word with its borders."""
    padded = [f" {word} " for word in words(name)]
    return [word[place : place + GRAM] for word in padded for place in range(max(len(word) - GRAM + 1, 1))]


def _kinds(row: Reading) -> Sequence[str]:
    return [*([f"brand {row.brand}"] if row.brand else []), *(f"kind {word}" for word in words(row.category))]


def _trimmed(left: csr_array, postings: Ints) -> csr_array:
    """The left matrix without each row's commonest columns once its rarer ones reach POSTINGS rows."""
    sizes = postings[left.indices]
    row = np.repeat(np.arange(left.shape[0]), np.diff(left.indptr))
    order = np.lexsort((left.indices, sizes, row))
    total = np.cumsum(sizes[order])
    before = np.concatenate([[0], total])[left.indptr[:-1]]
    kept = order[total - before[row[order]] <= POSTINGS]
    counts = np.bincount(row[kept], minlength=left.shape[0])
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return csr_array((left.data[kept], left.indices[kept], ends), shape=left.shape)


def _chunk(left: csr_array, turned: csr_array, start: int, top: int) -> Iterator[tuple[Ints, Ints, Floats]]:
    part = csr_array(left[start : start + CHUNK] @ turned)
    for place in range(part.shape[0]):
        a, b = part.indptr[place], part.indptr[place + 1]
        near, right = part.data[a:b], part.indices[a:b].astype(np.int64)
        if len(near) > top:
            least = np.partition(near, len(near) - top)[len(near) - top]
            near, right = near[near >= least], right[near >= least]
        best = np.lexsort((right, -near))[:top]
        yield np.full(len(best), start + place, np.int64), right[best], near[best]
