import numpy as np

from chatbot.indexing import Query
from tests.conftest import WordEncoder


def test_a_question_by_itself_is_searched_for_whole(words: WordEncoder) -> None:
    (encoded,) = words.encode_questions(["Is my skin red?"])
    query = Query.of("Is my skin red?", encoded)
    assert (query.text, query.weighted_texts) == ("Is my skin red?", (("Is my skin red?", 1.0),))
    assert query.encoded is encoded
    assert query.vector is encoded.vector


def test_every_token_of_a_question_by_itself_counts_in_full(words: WordEncoder) -> None:
    query = Query.of("Is my skin red?", words.encode_questions(["Is my skin red?"])[0])
    assert query.token_weights.tolist() == [1, 1, 1, 1]
    assert query.token_weights.dtype == np.float32
