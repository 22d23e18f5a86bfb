"""The command that examines an installation: doctor."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict

from chatbot.cli.building import ATTENTION
from chatbot.settings import Settings, usable_settings

__all__ = ["add_doctor_command"]


def add_doctor_command(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parser of this command."""
    doctor = add_command("doctor", help="check the installation, and name the cure of each finding")
    doctor.add_argument("--online", action="store_true", help="open the pages' public addresses, too")
    doctor.add_argument(
        "--server", metavar="URL", default="", help="ask a running server, too, such as https://chat.clinic.example"
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=_doctor, load_settings=lambda: usable_settings()[0])


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from chatbot.cli.progress import progress_bar
    from chatbot.operation.doctor import examine
    from chatbot.operation.findings import Severity, worst
    from chatbot.operation.installation import Installation

    with progress_bar("Opening", " addresses") as show:
        place = Installation(
            settings, dict(os.environ), usable_settings()[1], show if options.online else None, options.server
        )
        findings = []
        for finding in examine(place):
            findings.append(finding)
            if not options.json:
                print(f"{finding.level:7}  {finding.subject:9}  {finding.message} {finding.cure}".rstrip(), flush=True)
    counts = {level: sum(finding.level is level for finding in findings) for level in Severity}
    if options.json:
        print(json.dumps({"level": worst(findings), "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        print(
            f"{_counted(counts[Severity.ERROR], 'error')}, {_counted(counts[Severity.WARNING], 'warning')}, "
            f"{counts[Severity.OK]} ok.",
            file=sys.stderr,
        )
    return {Severity.OK: 0, Severity.WARNING: ATTENTION, Severity.ERROR: 1}[worst(findings)]


def _counted(number: int, name: str) -> str:
    return f"{number} {name if number == 1 else name + 's'}"
