"""Rows of words as sparse matrices over one vocabulary, and sums over what two rows share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def incidence(*sides: Sequence[Iterable[str]]) -> list[csr_array]:
    """A matrix of ones per side, a row for each collection of words, columns shared; words count once a row."""
    rows = [[list(dict.fromkeys(words)) for words in side] for side in sides]
    known, vocabulary = pd.factorize(np.array([*chain.from_iterable(chain.from_iterable(rows))], dtype=object))
    made, start = [], 0
    for side in rows:
        ends = np.concatenate([[0], np.cumsum([len(words) for words in side], dtype=np.int64)])
        columns = known[start : start + int(ends[-1])].astype(np.int32)
        start += int(ends[-1])
        shape = (len(side), max(len(vocabulary), 1))
        made.append(csr_array((np.ones(len(columns)), columns, ends.astype(np.int32)), shape=shape))
        made[-1].sort_indices()
    return made


def rarity(*sides: csr_array) -> Floats:
    """Smoothed inverse document frequency of each column over the rows of all sides, above 0 to 1."""
    rows = sum(side.shape[0] for side in sides)
    seen = np.sum([np.bincount(side.indices, minlength=side.shape[1]) for side in sides], axis=0)
    return np.asarray(np.log1p(rows / (1 + seen)) / np.log1p(max(rows, 1)), dtype=np.float64)


def weighted(matrix: csr_array, weights: Floats) -> csr_array:
    """The matrix with each entry times its column's weight."""
    return csr_array((matrix.data * weights[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)


def unit(matrix: csr_array) -> csr_array:
    """The matrix with rows of Euclidean length one; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    per_entry = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(matrix.indptr))
    return csr_array((matrix.data / per_entry, matrix.indices, matrix.indptr), shape=matrix.shape)


def dots(left: csr_array, right: csr_array) -> Floats:
    """The product of each row with the row beside it."""
    return np.asarray(left.multiply(right).sum(axis=1), dtype=np.float64).ravel()


def row_sums(matrix: csr_array) -> Floats:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
