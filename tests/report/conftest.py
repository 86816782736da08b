"""Pages are read as a browser would: every tag closed, nothing fetched, every reference within the page."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    """Tags and what they refer to; fails on tags that are not closed."""

    VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page() -> Callable[[str], Page]:
    return Page


@pytest.fixture
def stands_alone() -> Callable[[str], Page]:
    """Checks that a page needs nothing else."""

    def check(html: str) -> Page:
        parsed = Page(html)
        assert not {"script", "link", "img", "iframe", "image", "object"} & set(parsed.tags)
        assert "@import" not in html
        assert not re.search(r"url\((?!#)", html)
        ids = [v for _, k, v in parsed.attributes if k == "id"]
        assert len(ids) == len(set(ids))
        assert {v[1:] for _, k, v in parsed.attributes if k == "href" and v.startswith("#")} <= set(ids)
        return parsed

    return check
