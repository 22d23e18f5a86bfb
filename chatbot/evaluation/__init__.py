"""Measure how well a chatbot answers golden questions about one corpus."""

from chatbot.evaluation.charts import save_plot
from chatbot.evaluation.golden import Expect, GoldenQuestion, Judged, ask, judge, read_golden
from chatbot.evaluation.report import Report, current_name, evaluate, report
from chatbot.evaluation.text import as_text
from chatbot.evaluation.thresholds import Bound, check, check_names, read_bound

__all__ = [
    "Bound",
    "Expect",
    "GoldenQuestion",
    "Judged",
    "Report",
    "as_text",
    "ask",
    "check",
    "check_names",
    "current_name",
    "evaluate",
    "judge",
    "read_bound",
    "read_golden",
    "report",
    "save_plot",
]
