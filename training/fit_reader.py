"""Fits the reader: the packaged model as a cross-encoder over a question and a passage.

    python -m training.fit_reader --threads 2     # also writes chatbot/answering/reader.onnx

The data are the made-up sites of training/sites but every third, which is held out. A question is paired with the
passages that answer it, and with those that the ranking puts first though they do not: near misses that share most of
their words. The word vectors stay as they are. The weights lie in build/reader.safetensors after each epoch;
training/export_reader.py rounds them.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from safetensors.torch import save_file
from tokenizers import Encoding
from torch import nn
from tqdm import tqdm
from transformers import AutoModel

from chatbot.answering.ranking import Ranking
from chatbot.answering.reader import MAX_TOKENS, reading_text
from chatbot.answering.search import search
from chatbot.indexing.model_files import PACKAGED_MODEL, model_folder
from chatbot.indexing.onnx_encoder import packaged_tokenizer
from chatbot.records import Passage
from training.cached import CachedEncoder
from training.corpora import SEED, Corpus, CorpusQuestion, reader_sites
from training.export_reader import WEIGHTS, write_graph

__all__ = ["Pair", "Reader", "corpus_pairs"]

RIGHT = 2  # passages that answer a question, at most, of each question
WRONG = 2  # passages that do not: the first of the ranking, and one of the next
CANDIDATES = 10  # of the ranking, from which the wrong ones are drawn
EPOCHS = 3
BATCH = 24  # pairs
SORTED = 50  # batches whose pairs are sorted by length together
RATE = 6e-5
WARM_UP = 0.06  # share of the steps
DECAY = 0.01


@dataclass(frozen=True, slots=True)
class Pair:
    """A question as it is searched, a passage as it is read, and whether the passage answers it."""

    question: str
    text: str
    right: bool


class Reader(nn.Module):
    """The packaged model, with a linear layer over the first token and the mean of all."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(model_folder(PACKAGED_MODEL), add_pooling_layer=False)
        self.bert.embeddings.requires_grad_(requires_grad=False)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(2 * self.bert.config.hidden_size, 1)

    def forward(self, pairs: Sequence[Encoding]) -> torch.Tensor:
        """Return the logit that each passage answers its question."""
        longest = max(len(pair.ids) for pair in pairs)
        rows = [(pair.ids, pair.attention_mask, pair.type_ids) for pair in pairs]
        ids, mask, types = (
            torch.tensor([values + [0] * (longest - len(values)) for values in column])
            for column in zip(*rows, strict=True)
        )
        states = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        weights = mask.unsqueeze(2).to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        logits: torch.Tensor = self.head(self.drop(torch.cat([states[:, 0], mean], dim=1)))
        return logits.squeeze(1)


def main() -> None:
    """Fit the reader, and write its weights after each epoch and its graph at the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    encoder, ranking = CachedEncoder(), Ranking.fitted()
    sites = list(tqdm(reader_sites(encoder), desc="Sites"))
    pairs = [pair for site in sites for pair in corpus_pairs(site, encoder, ranking, chance)]
    print(f"{len(sites)} sites, {len(pairs)} pairs, {sum(pair.right for pair in pairs)} right", flush=True)
    _fit(pairs, chance)
    write_graph(WEIGHTS)


def corpus_pairs(corpus: Corpus, encoder: CachedEncoder, ranking: Ranking, chance: random.Random) -> Iterator[Pair]:
    """Yield each question of a corpus with passages that answer it, and with near ones that do not."""
    for question in corpus.questions:
        result = search(corpus.index, encoder, ranking, question.question, question.history)
        if result is None:
            continue
        wrong = [hit.passage for hit in result.hits[:CANDIDATES] if not question.is_right(hit.passage)]
        picked = wrong[:1] + chance.sample(wrong[1:], min(WRONG - 1, len(wrong[1:])))
        for passage in [*_right(corpus, question), *picked]:
            yield Pair(result.resolved.text, reading_text(passage), question.is_right(passage))


def _right(corpus: Corpus, question: CorpusQuestion) -> list[Passage]:
    return [passage for passage in corpus.index.passages if question.is_right(passage)][:RIGHT]


def _fit(pairs: Sequence[Pair], chance: random.Random) -> None:
    encodings = packaged_tokenizer(MAX_TOKENS).encode_batch([(pair.question, pair.text) for pair in pairs])
    right = torch.tensor([float(pair.right) for pair in pairs])
    model = Reader()
    optimizer = torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad], RATE, weight_decay=DECAY, fused=True
    )
    steps = EPOCHS * -(-len(pairs) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps + 1, pct_start=WARM_UP, anneal_strategy="linear", cycle_momentum=False
    )
    balance = ((len(pairs) - right.sum()) / right.sum()).sqrt()  # between the classes as they are and as equals
    loss_of = nn.BCEWithLogitsLoss(pos_weight=balance)
    began, losses = time.monotonic(), []
    for epoch in range(EPOCHS):
        model.train()
        for batch in _batches([len(encoding.ids) for encoding in encodings], chance):
            with torch.autocast("cpu", torch.bfloat16):
                logits = model([encodings[row] for row in batch])
            loss = loss_of(logits.float(), right[batch])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            if len(losses) % 100 == 0:
                recent = sum(losses[-100:]) / 100
                print(
                    f"{len(losses)} of {steps} steps, loss {recent:.4f}, {time.monotonic() - began:.0f} s", flush=True
                )
        WEIGHTS.parent.mkdir(exist_ok=True)
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, WEIGHTS)
        print(f"Epoch {epoch + 1} of {EPOCHS}: wrote {WEIGHTS}", flush=True)


def _batches(lengths: Sequence[int], chance: random.Random) -> list[list[int]]:
    """Return the rows of all pairs in batches of similar length, in random order."""
    rows = list(range(len(lengths)))
    chance.shuffle(rows)
    batches = []
    for start in range(0, len(rows), BATCH * SORTED):
        part = sorted(rows[start : start + BATCH * SORTED], key=lengths.__getitem__)
        batches += [part[first : first + BATCH] for first in range(0, len(part), BATCH)]
    chance.shuffle(batches)
    return batches


if __name__ == "__main__":
    main()
