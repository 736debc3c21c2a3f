"""Checks the page of an evaluation in a browser: test_report.py NORMGATE CHROMIUM."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import FAINT, run

NORMGATE, CHROMIUM = sys.argv[1:]
HOSTILE = "<script>alert(1)</script>"
LONG = "a_name_of_a_set_without_a_single_break_" * 4
SMALL_PHONE = {"width": 360, "height": 740}
# The width between the margins of A4, in CSS pixels.
PAPER = {"width": 688, "height": 1000}

# What lies beyond the right edge and cannot be scrolled to.
CLIPPED = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && !e.closest(".scroll *") && !e.closest("svg *"))
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map((e) => `${e.tagName}.${e.className}`)"""

# Tables that need scrolling.
SCROLLED = """() => [...document.querySelectorAll(".scroll")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.getAttribute("aria-label"))"""

# The smallest text of the plots, in pixels of the screen.
SMALLEST = """() => Math.min(...[...document.querySelectorAll(".plot text")].filter((e) => e.checkVisibility())
  .map((e) => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().d || Infinity).map(Math.abs))"""


def evaluate(folder):
    """Evaluates a few images with the program and gives the page's address."""
    frames = Path("device/source/src/demo_frames")
    known = "tests/fixtures/cifar10_test_300.bin"
    command = [NORMGATE, "eval", "--id", known, "--quiet", "--report", f"{folder}/report"]
    for name, prefix in [("svhn", "svhn"), (HOSTILE, "mnist"), (LONG, "dtd"), ("more", "cifar100")]:
        images = Path(folder, prefix)
        images.mkdir()
        for frame in frames.glob(f"{prefix}_*.png"):
            shutil.copy(frame, images)
        command += ["--ood", f"{name}={images}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Path(folder, "report", "index.html").resolve().as_uri()


def nothing_comes_from_outside_and_every_picture_loads(tester):
    with tester.page("about:blank") as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(URL)
        page.wait_for_load_state("networkidle")
        outside = [url for url in asked if url != URL and not url.startswith("data:image/png;base64,")]
        assert not outside, outside
        sizes = page.locator("img").evaluate_all("images => images.map((i) => i.complete && i.naturalWidth)")
        assert len(sizes) > 10 and set(sizes) == {32}, sizes
        assert page.locator("script").count() == 0
        assert page.locator("th", has_text=HOSTILE).count() > 0
        tester.shot(page, "report-desktop")


def a_small_phone_shows_all(tester):
    for scheme in ("light", "dark"):
        options = {"is_mobile": True, "has_touch": True, "device_scale_factor": 3, "color_scheme": scheme}
        with tester.page(URL, SMALL_PHONE, **options) as page:
            page.locator("summary").tap()
            width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert width == [SMALL_PHONE["width"]] * 2, f"it scrolls sideways: {width}"
            clipped = page.evaluate(CLIPPED)
            assert not clipped, f"beyond the edge: {clipped}"
            smallest = page.evaluate(SMALLEST)
            assert smallest >= 9, f"plots have text of {smallest:.1f} pixels"
            tester.shot(page, f"report-phone-{scheme}")


def texts_are_readable_in_light_and_dark(tester):
    for scheme in ("light", "dark"):
        with tester.page(URL, color_scheme=scheme) as page:
            page.locator("summary").click()
            faint = page.evaluate(FAINT)
            assert not faint, f"{scheme}: {faint}"
            tester.shot(page, f"report-desktop-{scheme}")


def the_other_scores_open(tester):
    with tester.page(URL) as page:
        plots = page.locator("details .plot")
        assert plots.count() > 0 and not plots.first.is_visible()
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        assert all(plots.nth(i).is_visible() for i in range(plots.count()))


def paper_clips_nothing(tester):
    # Paper is light, whatever the screen is.
    with tester.page(URL, PAPER, color_scheme="dark") as page:
        plots, hint = page.locator("details .plot"), page.locator(".folded")
        assert not hint.is_visible(), "the screen has the fold itself"
        length = {}
        for state in ("folded", "open"):
            if state == "open":
                page.emulate_media(media="screen")
                page.locator("summary").click()
            page.emulate_media(media="print")
            assert plots.first.is_visible() == (state == "open"), state
            assert hint.is_visible() == (state == "folded"), state
            assert not page.evaluate(CLIPPED), (state, page.evaluate(CLIPPED))
            assert not page.evaluate(SCROLLED), (state, page.evaluate(SCROLLED))
            faint = page.evaluate(FAINT)
            assert not faint, (state, faint)
            tester.shot(page, f"report-print-{state}")
            pdf = page.pdf(format="A4", print_background=True)
            assert pdf.startswith(b"%PDF-") and len(pdf) > 20_000, len(pdf)
            length[state] = len(pdf)
        assert length["open"] > length["folded"] + 20_000, f"the open plots are not on paper: {length}"


CHECKS = [
    nothing_comes_from_outside_and_every_picture_loads,
    a_small_phone_shows_all,
    texts_are_readable_in_light_and_dark,
    the_other_scores_open,
    paper_clips_nothing,
]

with tempfile.TemporaryDirectory() as made:
    URL = evaluate(made)
    run(CHECKS, CHROMIUM)
