"""Measures follow-ups, and questions that stand alone after two others, on the made-up clinics.

`python -m benchmarks.dialogue` prints a line a way to ask.
"""

import random
from collections import defaultdict

from tqdm import tqdm

from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from training.cached import CachedEncoder
from training.corpora import SEED, Asked, Corpus, clinics


def main() -> None:
    """Print a line a way to ask: how often the right passage comes first, and among the first three."""
    encoder, ranking, chance = CachedEncoder(), Ranking.fitted(), random.Random(SEED)
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for corpus in tqdm(list(clinics(encoder)), unit=" clinics", leave=False):
        alone = [one for one in corpus.asked if one.answerable and not one.earlier]
        for asked in (one for one in corpus.asked if one.answerable):
            kind = "a follow-up" if asked.earlier else "a question that stands alone"
            before = asked.earlier or tuple(one.question for one in chance.sample(alone, 2))
            for way, earlier in ((f"{kind}, after others", before), (f"{kind}, by itself", ())):
                ranks[way].append(_rank(corpus, encoder, ranking, asked, earlier))
    for way, found in ranks.items():
        first, three = (sum(rank < most for rank in found) / len(found) for most in (1, 3))
        print(f"{way:44} {len(found):4} asked  first {first:6.1%}  in three {three:6.1%}")


def _rank(corpus: Corpus, encoder: CachedEncoder, ranking: Ranking, asked: Asked, earlier: tuple[str, ...]) -> int:
    found = search(corpus.index, encoder, ranking, asked.question, earlier)
    hits = found.hits if found else ()
    return next((rank for rank, hit in enumerate(hits) if asked.right(hit.passage)), len(hits))


if __name__ == "__main__":
    main()
