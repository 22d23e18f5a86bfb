"""What an agency has of its sites: the monthly reports that it sends to its clinics."""

from chatbot.web.agency.report_page import report_page

__all__ = ["report_page"]
