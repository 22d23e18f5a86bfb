"""Measures on the made-up clinics how earlier questions change what is found.

`python -m benchmarks.dialogue` prints a line each for follow-ups and questions that stand alone, with and without
earlier questions.
"""

import random
from collections import defaultdict

from tqdm import tqdm

from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from training.cached import CachedEncoder
from training.corpora import SEED, Corpus, CorpusQuestion, clinics


def main() -> None:
    """Print hit@1 and hit@3 of each kind of question."""
    encoder, ranking, chance = CachedEncoder(), Ranking.fitted(), random.Random(SEED)
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for corpus in tqdm(list(clinics(encoder)), unit=" clinics", leave=False):
        alone = [question for question in corpus.questions if question.answerable and not question.history]
        for question in (question for question in corpus.questions if question.answerable):
            kind = "a follow-up" if question.history else "a question that stands alone"
            before = question.history or tuple(other.question for other in chance.sample(alone, 2))
            for way, history in ((f"{kind}, after others", before), (f"{kind}, by itself", ())):
                ranks[way].append(_rank(corpus, encoder, ranking, question, history))
    for way, of_way in ranks.items():
        first, three = (sum(rank < depth for rank in of_way) / len(of_way) for depth in (1, 3))
        print(f"{way:44} {len(of_way):4} questions  hit@1 {first:6.1%}  hit@3 {three:6.1%}")


def _rank(
    corpus: Corpus, encoder: CachedEncoder, ranking: Ranking, question: CorpusQuestion, history: tuple[str, ...]
) -> int:
    """Return the rank of the first right passage, from 0 on, or the number of hits."""
    result = search(corpus.index, encoder, ranking, question.question, history)
    hits = result.hits if result else ()
    return next((rank for rank, hit in enumerate(hits) if question.is_right(hit.passage)), len(hits))


if __name__ == "__main__":
    main()
