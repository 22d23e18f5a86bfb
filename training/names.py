"""Writes the first names and surnames that redaction knows: python -m training.names --faker FOLDER --words FILE...

FOLDER is the package `faker` (MIT), whose lists of names are read. FILE is a list of words as Debian's package
`wbritish` has it, in which names have capitals. A name that is also an ordinary word is left out, unless it is in
`_KEPT`.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TARGET: Final = Path(__file__).parents[1] / "chatbot" / "redaction" / "names.txt"

_SURNAMES_OF: Final = ("en_GB", "en_IE", "en_IN", "en_NZ", "en_NG", "en_PK", "en_US", "ga_IE")
_FIRST_NAMES_OF: Final = (
    *_SURNAMES_OF,
    *("en_KE", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "pt_PT", "nl_NL", "ro_RO", "tr_TR", "sv_SE", "cs_CZ"),
    *(
        "hu_HU",
        "fi_FI",
        "da_DK",
        "no_NO",
        "et_EE",
        "lv_LV",
        "sk_SK",
        "sl_SI",
        "is_IS",
        "fr_CA",
        "de_AT",
        "pt_BR",
        "es_MX",
    ),
    *("lt_LT", "hr_HR", "yo_NG", "ig_NG", "ha_NG", "zu_ZA", "tw_GH", "id_ID"),
)
_NAME: Final = re.compile(r"[^\W\d_]{3,}(?:['\u2019-][^\W\d_]+)?")

# Ordinary words that are far more often a name where a name may stand.
_KEPT: Final = """
    abbey amber amir basil beryl billy bob bobby bonnie brad carol chad colleen daisy dale dawn dean derrick dick
    eve faith felicity flora frank gene glen grace harry hazel heather hector holly iris ivy jack jade jasmine
    jasper jay jimmy john josh joy ken lance lee lily maria marina mark martin max meg melody mike nick noel olive
    patty pearl penny peter phoebe poppy ray rick robin roger rose rosemary ruby sally sandy sherry sonny sue
    terry tom tony troy victor viola violet warren
"""
# Names that are more often a place, a month, a people or something else.
_DROPPED: Final = """
    alberta april asia august austin berlin brooklyn carolina christian christmas cork dakota del don forum german
    georgia india ireland israel jan jesus job june kent lincoln london love mac man mar marine may nova orlando
    paris per said sep server sydney van virginia washington easter bank clinic doctor nurse page post price date
    read real cruz ines baby infant lot
"""
# Ordinary words that are hardly anything else than a surname behind a first name.
_TRADES: Final = """
    archer baker bishop bloggs brook brooks butler carter chapman clark cook cooper crane cross dale drake field finch
    fisher fletcher ford fox gardener glover gray grey hall harper heath hill hunter king knight lamb lane lord marsh
    martin mason miller moss nash parker piper porter potter reed rivers sawyer shepherd smith spencer stone swan tanner
    taylor thatcher turner walker weaver west wolf wood woods
"""
# Short forms, and names of languages with another script, as people write them in English.
_ADDED: Final = """
    aadil aaliyah abdul abdullah abi abs adelina agnieszka ahmed ailsa aisha aishling alana alba albie aleksandra
    alfie ali alicia ally alma amelie amina aminah amit anais ananya andrzej angie anita anjali annabel annabelle
    annalise anneliese aoife arabella archie aria arjun arlo arthur ash asha aubrey aurora ava avery axel ayesha
    babs barb bartholomew baz bea becca becky bella ben bernie beth betty bex bilal bill blake blanche bodhi
    bridget brody bryony caleb callum calum camila carys cassie cath cathal cathy cecily cedric celeste celia
    chantelle charley charlie chen cher chloe chris chrissy ciara ciaran clara clementine cleo cliff clive cody
    col connie conor cora cordelia cosmo cyril dan danny daphne darcy darren daz deb debbie debs dee deepa del
    delilah della delphine demi des dexter di dilip divya dmitri donna dora doreen dorothy dot dougie dylan
    ebenezer ed eddie edgar edie edmund edna effie eileen eliza ella ellie elodie elsie elspeth elvira emilia
    emily emma enid eoin erin ernest esme esther ethel eugenie eunice evie ezra farah fatima felix fern ffion fi
    finlay finn fiona fleur flo florence fran freddie freya gabriel gareth gary gav gaynor gaz gemma geoff george
    georgie georgina gerry gertie gideon gill ginny gita gladys gloria greg gwen gwyneth hamza hana hannah harley
    harpreet harriet harrison harvey hassan hattie heidi herbert hester hettie hilary hilda honor horace hugh hugo
    hussein ibrahim ida imogen imran ines ioana irina isaac isadora isha isla isobel jackie jacob jag jago jags
    jake jamal jamie jan jared jas jayden jaz jemima jen jenny jeremiah jess jethro jill jim jo joan joanna joanne
    jocelyn jodie joe joey jolene jonah jools jordan joseph josiah josie joyce jude jules juliet june kai kat kate
    kath kathy katie katya kaz keir keira kel kelly kendra kerry kev khadija kian kim kiran kirsty kit kitty kris
    kristina kwame lachlan lara lauren layla leah leanne leila lena leo les lex lexie liam libby lila lilian
    lionel liz lizzie lois lola lorna lottie lou louie louis luca lucian lucy luella luna lydia lyn lynn mabel
    mackenzie maeve magnus mags mahmoud maisie malcolm malik mandy marcus marge margie mariam marigold marnie
    marta martha marty mary matilda matt maud maude maureen maxine maya mei mel melanie meredith merryn mia mick
    mila mildred mille millicent millie milly mina ming minnie miriam mo mohamed mohammad mohammed molly monika
    morag morgan mungo muriel mustafa myrtle nadia nan nancy naomi nat natalia natalie natasha ned neha nell
    nellie nerys ngaire ngozi nia niall niamh nicky nigel nikki nikos nina noah noor norah norma nuala octavia
    odette oksana olena olga olivia oliwia olu oluwaseun ophelia orla orlaith oscar oswald otis otto owen oz paddy
    padraig paloma pam parker pat patricia pauline peggy percy perdita pete petra phyllis piers pippa polly
    prakash primrose priya priyanka quentin quinn rafe raj raja rajesh ralph ram ramona rash rashid ravi reece
    reginald reuben rex reza rhiannon rhona rhys rita rob robbie roderick roisin roland romilly ron ronan ronnie
    rory rosa rosalind rosamund rosie rowan roy rufus rupert ruth ryan saanvi sabrina sadie sal sam sameer samuel
    sana sandeep sanjay saoirse sara sarah saskia savanna seamus sean sebastian selina serhii shauna shaz shazia
    sheila shell shiv shona si si\u00e2n sian sidney silas simi simone sinead siobhan sophia stanley stella steph
    steve stew stu suki sunil sunita sven svetlana sylvia tabitha tadhg tamara tamsin tanya tarquin tash tasha
    tatiana ted tess thea thelma theo theodora theodore thora tiff tilda tilly tim tina tobias toby tommo tracey
    trev trish tristan trixie trudy ulrich una ursula val vanessa velma vera verity vernon vi vicky vik vikram
    violetta viv wallace walter wanda wei wendy wes wilbur wilfred will willa wilma winifred winnie winston xander
    xi xin yan yasmin yolanda yuki yusuf yvette yvonne zac zach zachary zadie zainab zara zelda zena zeynep zina
    zoe zofia zoltan
"""
_TOO_SHORT_OR_COMMON: Final = """
    honor rex parker una luna aria bill del dot ed fi flo jan june kit lex les pat rash ram si vi will xi xin di
"""


def main() -> None:
    """Write the file, sorted, so that a change shows as lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faker", type=Path, required=True)
    parser.add_argument("--words", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    lines = {word.strip() for path in options.words for word in path.read_text("utf-8").splitlines()}
    ordinary = {word for word in lines if word == word.lower()}
    never = set(f"{_DROPPED} {_TOO_SHORT_OR_COMMON}".split())
    first = {name for locale in _FIRST_NAMES_OF for name in names(options.faker, locale, "first")}
    first = ((first - ordinary) | set(f"{_KEPT} {_ADDED}".split())) - never
    last = {name for locale in _SURNAMES_OF for name in names(options.faker, locale, "last")} - ordinary - never
    last |= set(_TRADES.split())
    weak = first & set(_KEPT.split())
    parts = [
        f"[{title}]\n" + "\n".join(sorted(part)) for title, part in (("first", first), ("last", last), ("weak", weak))
    ]
    TARGET.write_text("\n".join(parts) + "\n", "utf-8")
    print(f"{len(first)} first names and {len(last)} surnames in {TARGET.name}")


def names(faker: Path, locale: str, kind: str) -> Iterator[str]:
    """Yield the names of a kind, "first" or "last", in small letters, without running the module that lists them."""
    tree = ast.parse((faker / "providers" / "person" / locale / "__init__.py").read_text("utf-8"))
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(one, ast.Name) and one.id.startswith(f"{kind}_name") for one in targets):
            for constant in ast.walk(node):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    for word in constant.value.split():
                        if _NAME.fullmatch(word) and word[0].isupper():
                            yield word.casefold().replace("\u2019", "'")


if __name__ == "__main__":
    main()
