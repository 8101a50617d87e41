"""What matching is measured against: TF-IDF cosine and token-set similarity, each with a threshold from other pairs."""

from __future__ import annotations

import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.pairing.sets import PairSet
from matching.sparse import Floats


def tfidf(one: PairSet) -> Floats:
    """Cosine of TF-IDF over character 3- to 5-grams of the names, a number for each labelled pair."""
    names = [[row.name for row in table.rows] for table in (one.listings, one.products)]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit(names[0] + names[1])
    left, right = (vectors.transform(side) for side in names)
    product = left[one.pairs["left"].to_numpy()].multiply(right[one.pairs["right"].to_numpy()])
    return np.asarray(product.sum(axis=1), dtype=np.float64).ravel()


def token_set(one: PairSet) -> Floats:
    """rapidfuzz's token-set ratio of the names, 0..1, a number for each labelled pair."""
    left = [one.listings.rows[place].name for place in one.pairs["left"].tolist()]
    right = [one.products.rows[place].name for place in one.pairs["right"].tolist()]
    return process.cpdist(left, right, scorer=fuzz.token_set_ratio, workers=1).astype(np.float64) / 100
