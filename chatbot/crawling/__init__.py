"""Crawl a clinic's site: from an address to pages in the corpus, with a guard at the socket."""

from chatbot.crawling.crawl import Crawl, CrawlOptions, last_crawl
from chatbot.crawling.gone import gone_addresses
from chatbot.crawling.report import Copy, CrawlReport, LeftOut
from chatbot.crawling.site_folder import PageChanges, SiteFolder

__all__ = [
    "Copy",
    "Crawl",
    "CrawlOptions",
    "CrawlReport",
    "LeftOut",
    "PageChanges",
    "SiteFolder",
    "gone_addresses",
    "last_crawl",
]
