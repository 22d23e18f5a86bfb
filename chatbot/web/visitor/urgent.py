"""What stands on the screen around an urgent message: the number to call, the heading, the button that dismisses it."""

from dataclasses import asdict, dataclass
from typing import Self

from chatbot.answering import call_text, number_to_call
from chatbot.clinic import Clinic
from chatbot.records import Answer
from chatbot.triage import Wording
from chatbot.web.http.translations import direction

__all__ = ["UrgentTexts", "urgent_field"]


@dataclass(frozen=True, slots=True)
class UrgentTexts:
    """The texts around an urgent message, in the language that the alarm was raised in.

    `phone` is the number to call and `call` the words of its link; both are empty where clinic.toml names no number.
    `dismiss` is the text of the button, which is asked word for word. `dir` is `ltr` or `rtl`.
    """

    heading: str
    call: str
    phone: str
    dismiss: str
    language: str
    dir: str

    @classmethod
    def of(cls, answer: Answer, clinic: Clinic) -> Self | None:
        """Return the texts for an urgent answer, and None for any other."""
        alarm = answer.alarm
        if alarm is None:
            return None
        wording, phone = Wording.standard(alarm.language), number_to_call(alarm.level, clinic)
        return cls(
            heading=wording.heading(alarm.level, clinic),
            call=call_text(alarm.language, phone, clinic),
            phone=phone,
            dismiss=wording.say("not_an_emergency", clinic),
            language=alarm.language,
            dir=direction(alarm.language),
        )


def urgent_field(answer: Answer, clinic: Clinic) -> dict[str, object]:
    """Return what `POST /api/ask` adds to an urgent answer; an empty dictionary for any other."""
    texts = UrgentTexts.of(answer, clinic)
    return {"urgent": asdict(texts)} if texts else {}
