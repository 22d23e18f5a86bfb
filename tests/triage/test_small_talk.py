import pytest

from chatbot.language import words_of
from chatbot.triage.small_talk import SmallTalk, SmallTalkReply

TABLE = {
    "fillers": ["please", "my friend"],
    "kinds": [
        {"name": "thanks", "reply": "You are welcome.", "phrases": ["thanks", "thank you"]},
        {"name": "greeting", "reply": "Hello.", "phrases": ["hello", "good morning"]},
    ],
}
THANKS = SmallTalkReply("thanks", "You are welcome.")
GREETING = SmallTalkReply("greeting", "Hello.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", GREETING),
        ("Thank you!", THANKS),
        ("hello, my friend. please", GREETING),
        ("hello thanks", THANKS),
        ("thanks, good morning", THANKS),
        ("helo", None),
        ("hellp", GREETING),
        ("thankss", None),
        ("please", None),
        ("", None),
        ("hello skin", None),
        ("my hello", None),
    ],
)
def test_a_message_is_small_talk_if_nothing_else_is_in_it(text: str, expected: SmallTalkReply | None) -> None:
    assert SmallTalk(TABLE, lambda word: word == "thankss").read(words_of(text)) == expected
