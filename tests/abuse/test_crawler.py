"""36, 37, 40, 44, 45, 51, 60: a small crawl of the whole site with hostile values, as everybody."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.abuse import probes
from tests.abuse.crawler import Crawler
from tests.abuse.province import fresh


@pytest.fixture(scope="module")
def province() -> Iterator[Flask]:
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    with fresh(60) as app:
        yield app
    logging.disable(before)


def test_six_hundred_hostile_requests_get_answers_and_no_probe_comes_back_as_markup(province: Flask) -> None:
    crawler = Crawler(province, seed=20261123)
    verdicts = crawler.crawl(600)
    assert [(one.name, one.faults) for one in verdicts if one.faults] == []
    assert len(crawler.visitors) >= 8
    assert len(crawler.reached) > 60, "the crawl came nowhere"
    assert crawler.codes[200] > 100
    assert crawler.codes[422] + crawler.codes[409] > 10, "no form was really filled in"


def test_one_seed_asks_the_same(province: Flask) -> None:
    first, second = (
        [crawler._next(visitor).shown() for visitor in crawler.visitors for _ in range(5)]
        for crawler in (Crawler(province, seed=3), Crawler(province, seed=3))
    )
    assert first == second


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("<p>&lt;probe onprobe=1&gt;</p>", False),
        ("<p><probe onprobe=1></p>", True),
        ('<input value="" onprobe="1">', True),
        ("<input value=\"' onprobe='1\">", False),
        ("<p>49007</p>", True),
        (f"<p>{probes.TEMPLATE} 49007</p>", False),
        ("<p>plain</p>", False),
    ],
)
def test_a_probe_is_seen_exactly_when_it_became_markup(page: str, seen: bool) -> None:
    assert bool(probes.traces(page)) is seen
