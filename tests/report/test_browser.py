"""The report as it is seen: opened in headless Chromium, as wide as a desk's screen and as narrow as a phone's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.charts.svg import Bar, draw_bars
from pipelines.config.home import Home
from pipelines.identity.monitoring.charts import Chart, write_chart
from pipelines.report import quality
from pipelines.report.sections import SECTIONS
from pipelines.report.write import Written, write_report
from pipelines.warehouse.docs_site import DICTIONARY, render_dictionary, render_index
from tests.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine (apt: chromium)")

# What lies beside the screen, outside the tables that scroll by themselves.
BESIDE = """
[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.scroll') && getComputedStyle(one).clipPath === 'none')
  .filter(one => { const box = one.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1 })
  .map(one => one.tagName + '.' + one.className + ': ' + one.textContent.trim().slice(0, 40))
"""

# Texts of a chart that are printed over each other.
OVERLAPPING = """
[...document.querySelectorAll('figure')].flatMap(figure => {
  const texts = []
  const walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT)
  for (let node; (node = walker.nextNode());) {
    if (!node.textContent.trim() || node.parentElement.closest('svg, .hidden')) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const box of range.getClientRects()) texts.push([node.textContent.trim(), box])
  }
  const found = []
  texts.forEach(([said, one], place) => texts.slice(place + 1).forEach(([other, two]) => {
    const across = Math.min(one.right, two.right) - Math.max(one.left, two.left)
    const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)
    if (across > 1 && down > 4) found.push(`${said} / ${other}`)
  }))
  return found
})
"""

# Texts that are too faint on what lies behind them: less than the 4.5 to 1 of WCAG 2 (level AA).
FAINT = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
  const light = color => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data
    const linear = part => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    return [0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue), alpha]
  }
  const found = []
  for (const one of document.querySelectorAll('body *')) {
    const says = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    if (!says || one.closest('svg')) continue
    let behind = one
    while (behind && light(getComputedStyle(behind).backgroundColor)[1] === 0) behind = behind.parentElement
    const two = [light(getComputedStyle(one).color)[0], light(getComputedStyle(behind).backgroundColor)[0]]
    const contrast = (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05)
    if (contrast < 4.5) found.push(`${one.tagName}.${one.className} ${one.textContent.trim()}: ${contrast.toFixed(2)}`)
  }
  return found
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module", params=["en", "fr"])
def written(request: pytest.FixtureRequest, first_night: tuple[Home, str], tmp_path_factory: Any) -> Written:
    return write_report(first_night[0], request.param, tmp_path_factory.mktemp("page") / "report.html")


def look(browser: Browser, page: Path, width: int, scheme: str) -> None:
    browser.open(page, width, scheme)
    for _ in ("as it opens", "with all its numbers shown"):
        assert browser.ask("document.scrollingElement.scrollWidth") <= width
        assert browser.ask(BESIDE) == []
        assert browser.ask(OVERLAPPING) == []
        assert browser.ask(FAINT) == []
        browser.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_both_pages_are_readable_on_a_desk_and_on_a_phone(
    browser: Browser, written: Written, width: int, scheme: str
) -> None:
    for page, sections in ((written.file, SECTIONS), (written.quality, quality.SECTIONS)):
        look(browser, page, width, scheme)
        there = "document.querySelectorAll('section').length + document.querySelectorAll('[data-empty]').length"
        assert browser.ask(there) == len(sections)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_parts_stay_in_sight_and_a_link_leads_to_a_heading_that_they_do_not_cover(
    browser: Browser, written: Written, width: int
) -> None:
    browser.open(written.file, width, "light")
    browser.ask("document.documentElement.style.scrollBehavior = 'auto'")
    for name in ("part-customers", "retention", "glossary"):
        browser.ask(f"location.hash = '{name}'")
        bar = browser.ask("document.querySelector('.parts').getBoundingClientRect().bottom")
        top = browser.ask(f"document.getElementById('{name}').getBoundingClientRect().top")
        assert 0 < bar < 70
        assert bar <= top + 40, name


def test_a_term_shows_what_it_means_at_a_tap_and_hides_it_again(browser: Browser, written: Written) -> None:
    browser.open(written.file, 390, "light")
    shown = "document.querySelectorAll('[popover]:popover-open').length"
    assert browser.ask(shown) == 0
    browser.ask("document.querySelector('button.term').click()")
    assert browser.ask(shown) == 1
    box = "document.querySelector('[popover]:popover-open').getBoundingClientRect()"
    assert browser.ask(f"{box}.left") >= 0
    assert browser.ask(f"{box}.right") <= 390
    browser.ask("document.querySelector('button.term').click()")
    assert browser.ask(shown) == 0


def test_an_explanation_is_readable_on_a_phone(
    browser: Browser, first_night: tuple[Home, str], parcours: Any, tmp_path: Path
) -> None:
    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        [(customer, one, other)] = connection.execute(
            "select customer_id, min(record_id), max(record_id) from marts.customer_id_map group by customer_id "
            "order by count(*) desc, customer_id limit 1"
        ).fetchall()
    for command, page in ((["how", customer], "how.html"), (["why", one, other], "why.html")):
        drawn = parcours(*command, "--home", first_night[0].root, "--html", tmp_path / page)
        assert drawn.returncode == 0, drawn.stderr
        for width in (1280, 390):
            browser.open(tmp_path / page, width, "light")
            assert browser.ask("document.scrollingElement.scrollWidth") <= width
            assert browser.ask(BESIDE) == []
            smallest = (
                "Math.min(...[...document.querySelectorAll('svg.chart')].map(one => one.getBoundingClientRect().width))"
            )
            assert browser.ask(smallest) in (0, None) if width == 390 else browser.ask(smallest) > 600


PAYLOADS = (
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror='window.pwned=2'>",
    "'><svg onload=window.pwned=3>",
    "javascript:window.pwned=4//",
    "{{7*7}}</style><base href=https://evil.example/>",
    "\u202e\u200bnpg",
)
NAMES = {
    "next_best_products": ("product_name", "category"),
    "product_affinity": ("product_name", "other_product_name"),
    "order_lines": ("product_name", "category", "subcategory", "brand"),
    "traffic_source_performance": ("source", "medium", "campaign"),
    "attribution_touches": ("source", "medium", "campaign"),
    "customer_360": ("favourite_store_id", "favourite_category", "city"),
    "orders": ("source", "store_id", "coupon_code"),
    "store_satisfaction": ("store_id",),
    "segments": ("description", "rule", "reason", "owner"),
    "traits": ("description", "owner", "filter"),
    "personas": ("description", "rule", "reason"),
    "field_report": ("source", "reason", "example_file", "example_record_id"),
    "quarantined_rows": ("source", "file_name", "reason"),
    "verbatim_themes": ("theme", "theme_fr"),
}
INTRUDERS = (
    "document.querySelectorAll('script, img, base, iframe, object, [onerror], [onload], [href^=\"javascript\"]').length"
)


def assert_nothing_ran(browser: Browser, page: Path) -> None:
    browser.open(page, 1280, "light")
    browser.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.complaints == []
    assert browser.ask(INTRUDERS) == 0
    assert browser.ask("typeof window.pwned") == "undefined"
    assert "\u202e" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("payload", PAYLOADS[:1] + PAYLOADS[-1:] + ("".join(PAYLOADS),))
def test_no_name_of_the_retailers_runs_in_the_report(browser: Browser, change_marts: Any, payload: str) -> None:
    text = payload.replace("'", "''")
    sets = {mart: ", ".join(f"{name} = '{text}' || {name}" for name in names) for mart, names in NAMES.items()}
    written = write_report(
        change_marts(*(f"update marts.{mart} set {said}" for mart, said in sets.items())), "en", None
    )
    for page in (written.file, written.quality):
        assert_nothing_ran(browser, page)
    if "\u202e" not in payload:
        assert payload in browser.ask("document.documentElement.outerHTML").replace("&lt;", "<").replace("&gt;", ">")


def test_no_value_of_a_record_runs_in_an_explanation(
    browser: Browser, home: Home, parcours: Any, tmp_path: Path
) -> None:
    records = home.lake / "identity" / "records.parquet"
    values = pl.lit("".join(PAYLOADS))
    frame = pl.read_parquet(records)
    frame = frame.with_columns((values + pl.col(name)).alias(name) for name in ("first_name", "last_name", "city"))
    frame.write_parquet(records)
    customer = frame["record_id"][0]
    for command, page in ((["how", customer], "how.html"), (["why", customer, frame["record_id"][1]], "why.html")):
        drawn = parcours(*command, "--home", home.root, "--html", tmp_path / page)
        assert drawn.returncode == 0, drawn.stderr
        assert_nothing_ran(browser, tmp_path / page)


@pytest.fixture(scope="module")
def every_page(
    first_night: tuple[Home, str], parcours: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A page of every kind, by its name."""
    folder = tmp_path_factory.mktemp("pages")
    write_report(first_night[0], "en", folder / "report.html")
    one, other = pl.read_parquet(first_night[0].lake / "identity" / "records.parquet")["record_id"].head(2)
    for command, page in ((["how", one], "how.html"), (["why", one, other], "why.html")):
        drawn = parcours(*command, "--home", first_night[0].root, "--html", folder / page)
        assert drawn.returncode == 0, drawn.stderr
    write_chart(Chart("chart", "Chart", "It explains.", draw_bars([Bar("b", 1.0)], "t")), folder)
    (folder / "dictionary.html").write_text(render_dictionary(), encoding="utf-8")
    (folder / "index.html").write_text(render_index([DICTIONARY]), encoding="utf-8")
    return {page.stem: page for page in folder.iterdir()}


@pytest.mark.parametrize("name", ["report", "report-quality", "how", "why", "chart", "dictionary", "index"])
def test_a_script_that_did_get_into_a_page_would_not_run(
    browser: Browser, every_page: dict[str, Path], name: str
) -> None:
    page = every_page[name]
    browser.open(page, 1280, "light")
    assert browser.complaints == []
    browser.ask("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned=1\">')")
    browser.ask("document.body.append(Object.assign(document.createElement('script'), {text: 'window.pwned=2'}))")
    browser.ask("document.head.append(Object.assign(document.createElement('base'), {href: 'https://evil.example'}))")
    assert browser.ask("typeof window.pwned") == "undefined"
    assert browser.ask("document.baseURI") == page.as_uri()
    told = [complaint for complaint in browser.complaints if "Content Security Policy" in complaint]
    for directive in ("img-src", "script-src", "base-uri"):
        assert any(directive in complaint for complaint in told), directive
