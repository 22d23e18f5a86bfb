"""What somebody of the clinic has to look after, as `footnote check` and the console say it."""

from pathlib import Path

from chatbot.clinic import Clinic
from chatbot.staff.layout import staff_database
from chatbot.staff.old_values import foreign_warnings
from chatbot.staff.sign_off import SignOffs

__all__ = ["staff_warnings"]


def staff_warnings(clinic: Clinic, folder: Path) -> tuple[str, ...]:
    """Return a sentence for each thing to look after; `folder` is the staff's. Raises `StaffError`."""
    unsigned = SignOffs(staff_database(folder)).warning(clinic)
    return (*([unsigned] if unsigned else []), *foreign_warnings(clinic))
