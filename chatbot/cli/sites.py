"""The commands of many sites on one server: sites, sites add, set, rename, remove, secret, import, staff and report."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatbot.cli.building import ATTENTION
from chatbot.cli.commands import command_adder
from chatbot.cli.staff import add_staff_commands, edit_accounts
from chatbot.errors import FootnoteError, SettingsError, StaffError
from chatbot.files import write_atomically
from chatbot.settings import Settings
from chatbot.sites import Site, Sites, site_settings

if TYPE_CHECKING:
    from chatbot.operation.site_overview import SiteOverview

__all__ = ["add_sites_commands"]

_TITLES: Final = ("site", "state", "pages", "passages", "questions", "answered", "crawled", "needs")
_EXAMPLE: Final = Path(__file__).parent / "example"


def add_sites_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    sites = add_command("sites", help="list and change the sites of one server, and report on them")
    sites.add_argument("--needs", action="store_true", help="print what of each site needs a person")
    sites.add_argument("--json", action="store_true", help="print the list as JSON")
    sites.set_defaults(run=_list, of_one_site=False)
    add = command_adder(sites, required=False)

    example = "footnote sites add rose-clinic --host chat.rose.example"
    new = add("add", help="make the folder of a site, with an example page and a clinic.toml", example=example)
    _add_name(new)
    _add_places(new)
    new.add_argument("--key", help="the key in the script tag (default: a new one)")
    new.set_defaults(run=_add)

    change = add("set", help="set the host names of a site, and what is crawled every day")
    _add_name(change)
    _add_places(change)
    change.set_defaults(run=_set)

    rename = add("rename", help="rename a site, whose key and host names stay")
    _add_name(rename)
    rename.add_argument("new", metavar="NEW", help="the new name")
    rename.set_defaults(run=_rename)

    remove = add("remove", help="put a site out of service, and keep its folder aside")
    _add_name(remove)
    remove.set_defaults(run=_remove)

    secret = add("secret", help="print the secret that signs what a site's webhook gets")
    _add_name(secret)
    secret.set_defaults(run=_secret)

    move = add("import", help="make a site of a backup, as of another server")
    move.add_argument("file", type=Path, metavar="FILE", help="what 'footnote backup FILE --site NAME' wrote")
    _add_name(move)
    _add_places(move)
    move.add_argument("--key", help="the key that the site had, so that its script tags go on working")
    move.set_defaults(run=_import)

    add_staff_commands(add, _staff)

    report = add("report", help="write the monthly report of each site, or of some, as HTML files")
    report.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them, a file for each site")
    report.add_argument("--only", action="append", metavar="SITE", help="a site; may be repeated (default: all sites)")
    report.add_argument("--month", metavar="MONTH", help="such as 2026-10 (default: the last whole month)")
    report.set_defaults(run=_report)


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the site: small letters, digits and dashes")


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", action="append", metavar="HOST", help="a host name, such as chat.clinic.example")
    parser.add_argument("--crawl", action="append", metavar="URL", help="an address that is read again every day")


def _list(settings: Settings, options: argparse.Namespace) -> int:
    from chatbot.operation.site_overview import site_overview

    found = Sites.of(settings).find()
    overviews = [site_overview(settings, site) for site in found.sites]
    if options.json:
        print(json.dumps([_as_dict(overview) for overview in overviews], indent=2, default=str))
    else:
        print("\n".join(_table([_TITLES, *map(_row, overviews)])))
        _print_needs(overviews, shown=options.needs)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    return ATTENTION if found.problems or any(overview.needs for overview in overviews) else 0


def _print_needs(overviews: Sequence["SiteOverview"], *, shown: bool) -> None:
    if shown:
        print(*(f"{overview.site.name}: {need}" for overview in overviews for need in overview.needs), sep="\n")
    elif number := sum(bool(overview.needs) for overview in overviews):
        print(f"{number} of {len(overviews)} need a person: --needs says what for.")


def _as_dict(overview: "SiteOverview") -> dict[str, object]:
    return {**asdict(overview.site), **asdict(overview), "site": overview.site.name}


def _row(overview: "SiteOverview") -> tuple[str, ...]:
    answered = "" if overview.answered is None else f"{overview.answered:.0%}"
    crawled = f"{overview.crawled:%Y-%m-%d}" if overview.crawled else ""
    sizes = ("" if size is None else str(size) for size in (overview.pages, overview.passages, overview.questions))
    return (overview.site.name, overview.state, *sizes, answered, crawled, str(len(overview.needs) or ""))


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _add(settings: Settings, options: argparse.Namespace) -> None:
    sites = Sites.of(settings)
    site = sites.add(options.name, options.host or (), options.crawl or (), options.key)
    folder = sites.folder / site.name
    shutil.copytree(_EXAMPLE, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    _name_clinic(folder / "clinic.toml", site.name.replace("-", " ").title())
    print(
        f"Made {folder}, with an example page and a clinic.toml. Fill them in, or read the clinic's site:\n"
        f"  footnote crawl https://clinic.example --site {site.name}\n"
        f"  footnote staff add NAME --role editor --site {site.name}\n"
        f"Visitors reach it {_reached(site)}"
    )


def _name_clinic(file: Path, name: str) -> None:
    """Put a name in the place of the example's, so that new sites are not all called alike."""
    example = 'name = "Example Clinic"'
    file.write_text(file.read_text("utf-8").replace(example, f'name = "{name}"', 1), "utf-8")


def _reached(site: Site) -> str:
    if site.hosts:
        return f"at {', '.join(f'https://{host}/' for host in site.hosts)}, and below {site.path}/ on the server."
    return f"below {site.path}/ on the server."


def _set(settings: Settings, options: argparse.Namespace) -> None:
    sites = Sites.of(settings)
    site = sites.get(options.name)
    if options.host is not None:
        site = replace(site, hosts=tuple(filter(None, map(str.lower, options.host))))
    if options.crawl is not None:
        site = replace(site, crawl=tuple(filter(None, options.crawl)))
    sites.change(site)
    print(f"Visitors reach {site.name} {_reached(site)}")


def _rename(settings: Settings, options: argparse.Namespace) -> None:
    Sites.of(settings).rename(options.name, options.new)
    print(f"{options.name} is now called {options.new}.")


def _remove(settings: Settings, options: argparse.Namespace) -> None:
    kept = Sites.of(settings).remove(options.name)
    print(f"{options.name} is out of service. Its folder is kept in {kept}: delete that when nobody needs it.")


def _secret(settings: Settings, options: argparse.Namespace) -> None:
    if not settings.webhook_secret:
        raise SettingsError("No secret can be derived for a site: set FOOTNOTE_WEBHOOK_SECRET.")
    print(site_settings(settings, Sites.of(settings).get(options.name)).webhook_secret)


def _import(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.cli.progress import progress_bar
    from chatbot.operation.restore import check_backup, restore
    from chatbot.times import time_text

    sites = Sites.of(settings)
    with progress_bar("Checking", " bytes") as check:
        check_backup(options.file, check)  # before the folder is made
    site = sites.add(options.name, options.host or (), options.crawl or (), options.key)
    with sites.closed(site.name), progress_bar("Restoring", " bytes") as show:
        restored = restore(site_settings(settings, site), options.file, lambda _done, _of: None, show)
    build = "" if restored.manifest.build else f" Run 'footnote build --site {site.name}': the backup has no index."
    made = time_text(restored.manifest.moment)
    print(f"{site.name} is as its backup of {made}.{build} Visitors reach it {_reached(site)}")


def _staff(settings: Settings, options: argparse.Namespace) -> int:
    """Change an account at several sites, at each of which it has a role of its own."""
    failed = False
    for site in _chosen(settings, options):
        try:
            print(f"{site.name}: {edit_accounts(site_settings(settings, site), options)}")
        except StaffError as error:
            print(f"{site.name}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


def _chosen(settings: Settings, options: argparse.Namespace) -> Sequence[Site]:
    sites = Sites.of(settings)
    return [sites.get(name) for name in options.only] if options.only else sites.find().sites


def _report(settings: Settings, options: argparse.Namespace) -> int:
    from chatbot.bot import Chatbot, load_pipeline
    from chatbot.cli.progress import progress_bar
    from chatbot.indexing import load_encoder
    from chatbot.journal import Journal
    from chatbot.operation.monthly_report import Month, monthly_report
    from chatbot.web.agency import report_page

    sites, now = Sites.of(settings), datetime.now(UTC)
    month = Month.parse(options.month) if options.month else Month.last(now.date())
    chosen = _chosen(settings, options)
    agency, pipeline = sites.agency(), load_pipeline(load_encoder(settings.model))

    def page(own: Settings) -> str:
        bot, journal = Chatbot.open(own, pipeline, last_good=True), Journal.open(own.journal, own.retention)
        if journal is None:
            raise SettingsError("There is no journal: FOOTNOTE_JOURNAL is off.")
        try:
            return report_page(monthly_report(bot, journal, own, month, now), bot.clinic.name, agency, now)
        finally:
            journal.close()

    failed = False
    with progress_bar("Reporting", " sites") as show:
        for number, site in enumerate(chosen, start=1):
            try:
                _write(options.folder / f"{site.name}-{month.first:%Y-%m}.html", page(site_settings(settings, site)))
            except FootnoteError as error:
                print(f"{site.name}: no report. {error}", file=sys.stderr)
                failed = True
            show(number, len(chosen))
    return int(failed)


def _write(path: Path, text: str) -> None:
    """Write a report for its owner's eyes, and its folder; raises `SettingsError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode(), mode=0o600)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}. Name another folder.") from error
