"""Passages that differ in a detail: each is shown by its page's name, and none counts against another."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chatbot.answering.compose import VARIES, starters, suggestions
from chatbot.answering.gate import gate_signals
from chatbot.answering.pipeline import Pipeline
from chatbot.answering.turn import PipelineComponents
from chatbot.answering.variants import Likeness, are_variants, distinct, likeness, page_names
from chatbot.indexing import ExactStore, Index, Query, build_index, open_index
from chatbot.records import Answer, Document, Hit, Outcome, Passage
from tests.answering.conftest import BY_WORDS, KnownFindings, serving, sure
from tests.conftest import WordEncoder

HOURS = "Our {} clinic is open Monday to Friday from {} to {}. Ring {} to book. The entrance has no steps."
LEEDS = HOURS.format("Leeds", "9:00", "17:30", "01632 960 111")
YORK = HOURS.format("York", "10:00", "19:00", "01632 960 222")
HULL = HOURS.format("Hull", "8:00", "16:00", "01632 960 333")


def passage(text: str, document: str = "care.md", title: str = "Care", headings: tuple[str, ...] = ()) -> Passage:
    return Passage(document, title, None, headings, 0, len(text), text)


@pytest.mark.parametrize(
    ("other", "how"),
    [
        ("You may shower the next day, and swim after two weeks.", Likeness.SAME),
        ("\u2022 You may shower the next day\n\u2022 and swim after two weeks", Likeness.SAME),
        ("You may shower the next day and then swim after two weeks.", Likeness.REWORDED),
        ("You may not shower the next day, and swim after two weeks.", Likeness.VARIANT),
        ("You may shower the next day, and swim after three weeks.", Likeness.VARIANT),
        ("You may shower the next day, and swim after 10 days.", Likeness.VARIANT),
        ("Keep the dressing on, and ring us if it bleeds.", Likeness.DIFFERENT),
        ("", Likeness.DIFFERENT),
    ],
)
def test_texts_are_alike_by_their_words_and_details(other: str, how: Likeness) -> None:
    text = "You may shower the next day and swim after two weeks."
    assert likeness(text, other) is how
    assert likeness(other, text) is how


@pytest.mark.parametrize("other", [YORK, HULL, LEEDS.replace("111", "112"), LEEDS.replace("Leeds", "York")])
def test_a_name_an_hour_or_a_number_makes_a_variant(other: str) -> None:
    assert likeness(LEEDS, other) is Likeness.VARIANT


def test_rows_of_other_figures_alone_are_no_variants() -> None:
    assert likeness("Botox | \u00a3180\nFiller | \u00a3250", "Peel | \u00a390\nLaser | \u00a360") is Likeness.DIFFERENT


def test_passages_of_one_section_are_no_variants() -> None:
    assert not are_variants(passage(LEEDS), passage(YORK))
    assert are_variants(passage(LEEDS), passage(YORK, headings=("York",)))
    assert are_variants(passage(LEEDS), passage(YORK, "york.md"))


def distinct_texts(*texts: str) -> list[str]:
    hits = [
        Hit(Passage("care.md", "Care", None, (), 1000 * row, 1000 * row, text), 1.0) for row, text in enumerate(texts)
    ]
    return [hit.passage.text for hit in distinct(hits)]


def test_passages_that_say_the_same_twice_are_shown_once() -> None:
    clean = "Keep the area clean and dry."
    assert distinct_texts(clean, "Keep the area clean, and dry!", "Stay out of the sun.", clean) == [
        clean,
        "Stay out of the sun.",
    ]


def test_a_passage_with_another_figure_is_never_hidden() -> None:
    texts = (
        "It costs \u00a350 at this clinic, which we take off.",
        "It costs \u00a365 at this clinic, which we take off.",
    )
    assert distinct_texts(*texts) == list(texts)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["leeds/times.md", "york/times.md"], ["Times (Leeds)", "Times (York)"]),
        (["en/leeds/times.md", "en/york/times.md"], ["Times (Leeds)", "Times (York)"]),
        (["times-leeds.md", "times-york.md"], ["Times (Times leeds)", "Times (Times york)"]),
        (["times.md", "print/times.md"], ["Times", "Times (Print)"]),
        (["a/a.md", "a/b/a.md"], ["Times", "Times (B)"]),
    ],
)
def test_pages_of_one_title_are_told_apart_by_their_paths(names: list[str], expected: list[str]) -> None:
    pages = [Document(name, "Times", "", None, None, ()) for name in names]
    assert page_names(pages) == expected
    assert page_names([pages[0], Document("x.md", "Prices", "", None, None, ())]) == ["Times", "Prices"]


Ask = Callable[..., Answer]


def site(folder: Path, pages: Mapping[str, str]) -> Index:
    for name, text in pages.items():
        (folder / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "corpus" / name).write_text(text, "utf-8")
    build_index(folder / "corpus", folder / "index", WordEncoder(), ExactStore)
    return open_index(folder / "corpus", folder / "index", WordEncoder(), ExactStore)[1]


def ask(folder: Path, pages: Mapping[str, str], question: str, *history: str, confidence: float = 0.9) -> Answer:
    tools = PipelineComponents(WordEncoder(), BY_WORDS, sure(confidence), KnownFindings({}))
    return Pipeline(tools).answer(question, history, serving(site(folder, pages))).answer


BRANCHES = {
    "leeds.md": f"# Leeds clinic\n\n{LEEDS}\n",
    "york.md": f"# York clinic\n\n{YORK}\n",
    "hull.md": f"# Hull clinic\n\n{HULL}\n",
    "peel.md": "# Peels\n\nA peel lifts dull skin.\n",
}
OPEN = "when is the clinic open"


def branches(answer: Answer) -> list[str]:
    """Return the pages cited but the one that is no branch, which the gate of these tests lets through too."""
    return [cited.page for cited in answer.citations if cited.page != "Peels"]


def test_each_branch_is_shown_and_marked_where_none_is_named(tmp_path: Path) -> None:
    answer = ask(tmp_path, BRANCHES, OPEN)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.message.splitlines()[0] == VARIES
    assert {cited.page for cited in answer.citations} == {"Leeds clinic", "York clinic", "Hull clinic"}
    assert all(cited.highlights for cited in answer.citations)
    assert [cited.number for cited in answer.citations] == [1, 2, 3]


def test_the_branch_that_is_named_is_shown_alone(tmp_path: Path) -> None:
    answer = ask(tmp_path, BRANCHES, "when is the clinic open in York")
    assert branches(answer) == ["York clinic"]
    assert VARIES not in answer.message


def test_a_branch_is_named_where_its_page_alone_is_shown(tmp_path: Path) -> None:
    pages = {f"{name.removesuffix('.md')}/times.md": text for name, text in BRANCHES.items() if name != "peel.md"}
    titled = {name: f"# Times\n\n{text.partition('clinic')[2].strip()}\n" for name, text in pages.items()}
    answer = ask(tmp_path, titled, "when is the clinic open in York")
    assert [cited.page for cited in answer.citations] == ["Times (York)"]


def test_the_conversation_says_which_branch_is_meant(tmp_path: Path) -> None:
    answer = ask(tmp_path, BRANCHES, OPEN, "when is the clinic open in York")
    assert branches(answer) == ["York clinic"]


def test_a_branch_that_is_typed_after_all_were_shown_is_answered(tmp_path: Path) -> None:
    answer = ask(tmp_path, BRANCHES, "York", OPEN)
    assert branches(answer) == ["York clinic"]


TOWNS = ("Selby", "Ripon", "Otley", "Goole", "Thirsk")
MORE = {
    f"{town}.md": f"# {town} clinic\n\n{HOURS.format(town, f'7:0{number}', '12:00', f'01632 960 44{number}')}\n"
    for number, town in enumerate(TOWNS)
}


@pytest.mark.parametrize("confidence", [0.9, 0.6])  # an answer, and what may help
def test_more_branches_than_are_shown_are_asked_for(tmp_path: Path, confidence: float) -> None:
    answer = ask(tmp_path, {"peel.md": BRANCHES["peel.md"]} | MORE, OPEN, confidence=confidence)
    assert answer.outcome is Outcome.RELATED
    assert {choice.title for choice in answer.choices} == {f"{town} clinic" for town in TOWNS}
    assert {cited.page for cited in answer.citations} == {f"{town} clinic" for town in TOWNS}


def test_branches_that_probably_do_not_answer_are_not_asked_for(tmp_path: Path) -> None:
    answer = ask(tmp_path, {"peel.md": BRANCHES["peel.md"]} | MORE, OPEN, confidence=0.2)
    assert answer.contact_first
    assert (answer.choices, len(answer.citations)) == ((), 3)


def test_what_all_branches_say_in_the_same_words_is_shown_once_with_all_places(tmp_path: Path) -> None:
    answer = ask(tmp_path, BRANCHES, "has the entrance steps")
    cited = answer.citations[0]
    assert len(branches(answer)) == 1
    assert VARIES not in answer.message
    places = {place.title for place in cited.also_at} | {cited.page}
    assert places == {"Leeds clinic", "York clinic", "Hull clinic"}
    assert all("mark=" in place.link for place in cited.also_at)


def test_a_heading_of_all_branches_is_suggested_once(tmp_path: Path) -> None:
    hurts = "It hurts less than {} rock climbing, and less than a long day at the dentist."
    pages = {f"{town}.md": f"# {town} clinic\n\n## Pain\n\n{hurts.format(town)}\n" for town in TOWNS}
    index = site(tmp_path, pages | {"sun.md": "# Summer\n\n## Days\n\nNo sun for a week.\n"})
    hits = [Hit(index.passages_of(f"{name}.md")[0], 1.0) for name in (*TOWNS, "sun")]
    assert suggestions(index, "hello", hits, []) == ("Selby clinic: Pain", "Summer: Days")


def test_copies_start_no_conversation(tmp_path: Path) -> None:
    care = "Keep the area clean and dry for two days, and stay out of the sun for two weeks after that."
    pages = {"care.md": f"# Care\n\n## Rest\n\n{care}\n", "care-old.md": f"# Skin\n\n## Rest\n\n{care} Ring us.\n"}
    assert starters(site(tmp_path, pages)) == ("Care: Rest",)


def test_a_copy_is_named_beside_the_page_that_is_quoted(tmp_path: Path) -> None:
    pages = {"peel.md": BRANCHES["peel.md"], "print/peel.md": BRANCHES["peel.md"], "sun.md": "# Sun\n\nNo sun today.\n"}
    (cited, *_) = ask(tmp_path, pages, "what lifts dull skin").citations
    assert cited.passage.document == "peel.md"
    assert [(place.document, place.title) for place in cited.also_at] == [("print/peel.md", "Peels (Print)")]
    assert cited.as_dict()["also_at"] == [place.as_dict() for place in cited.also_at]


def test_variants_are_no_runners_up_at_the_gate(tmp_path: Path) -> None:
    words = WordEncoder()
    query = Query.of(OPEN, words.encode_questions([OPEN])[0])
    index = site(tmp_path, BRANCHES)
    best, york, hull, peel = (index.passages_of(f"{name}.md")[0] for name in ("leeds", "york", "hull", "peel"))
    hits = [Hit(best, 0.9), Hit(york, 0.9), Hit(hull, 0.89), Hit(peel, 0.2)]
    assert gate_signals(index, query, OPEN, hits)[1] == pytest.approx(0.7)
