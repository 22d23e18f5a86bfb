"""Measure how well a chatbot answers golden questions about one corpus."""

from chatbot.evaluation.charts import save_plot
from chatbot.evaluation.coverage import AnsweredQuestion, Coverage, first_answer, measure_coverage
from chatbot.evaluation.golden import Expect, GoldenQuestion, Judged, ask, judge, parse_golden, read_golden
from chatbot.evaluation.report import Report, current_name, evaluate, report
from chatbot.evaluation.site_report import ReportItem, ReportPart, SiteReport, report_parts
from chatbot.evaluation.text import as_text
from chatbot.evaluation.thresholds import Bound, check, check_names, read_bound

__all__ = [
    "AnsweredQuestion",
    "Bound",
    "Coverage",
    "Expect",
    "GoldenQuestion",
    "Judged",
    "Report",
    "ReportItem",
    "ReportPart",
    "SiteReport",
    "as_text",
    "ask",
    "check",
    "check_names",
    "current_name",
    "evaluate",
    "first_answer",
    "judge",
    "measure_coverage",
    "parse_golden",
    "read_bound",
    "read_golden",
    "report",
    "report_parts",
    "save_plot",
]
