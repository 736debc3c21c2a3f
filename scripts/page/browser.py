"""What the checks of pages share: a browser's page that must not complain, and what is measured in it."""

import os
import re
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

SHOTS = os.environ.get("NORMGATE_SHOTS")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# Every text whose contrast is below WCAG's 4.5 to 1.
FAINT = """() => {
  const parse = (c) => {
    const n = c.match(/[\\d.]+/g).map(Number);
    return c.startsWith("color(") ? [...n.slice(0, 3).map((v) => 255 * v), ...n.slice(3)] : n;
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (e) => {
    if (!e) return [255, 255, 255];
    const [r, g, b, alpha = 1] = parse(getComputedStyle(e).backgroundColor);
    if (alpha === 1) return [r, g, b];
    const below = ground(e.parentElement);
    return [r, g, b].map((c, i) => alpha * c + (1 - alpha) * below[i]);
  };
  const faint = [];
  for (const e of document.querySelectorAll("body *")) {
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!hasText || !e.checkVisibility() || e.disabled || e.closest("noscript")) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(e instanceof SVGElement ? style.fill : style.color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${e.id || e.className || e.tagName}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


class Tester:
    def __init__(self, browser):
        self.browser = browser

    @contextmanager
    def page(self, url, size=DESKTOP, may_fail=None, **options):
        """A page that must not complain, but of what `may_fail` matches."""
        context = self.browser.new_context(viewport=size, **options)
        page = context.new_page()
        said = []
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("dialog", lambda d: (said.append(f"dialog: {d.message}"), d.dismiss()))
        page.goto(url)
        yield page
        context.close()
        # The test reads the curve back, the page does not.
        fine = "willReadFrequently" + (f"|{may_fail}" if may_fail else "")
        bad = [line for line in said if not re.search(fine, line)]
        assert not bad, f"the browser complains: {bad}"

    def shot(self, page, name):
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def run(checks, chromium):
    """Runs every check, tells of each, and ends the program if one failed."""
    failed = []
    with sync_playwright() as playwright:
        # A container's root has no sandbox, and the pages are ours.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for check in checks:
            try:
                check(Tester(browser))
                print(f"test-page: {check.__name__}: ok", flush=True)
            except Exception:
                failed.append(check.__name__)
                print(f"test-page: {check.__name__}: FAILED\n{traceback.format_exc()}", flush=True)
        version = browser.version
        browser.close()
    if failed:
        sys.exit(f"test-page: {len(failed)} of {len(checks)} failed: {', '.join(failed)}")
    print(f"test-page: {len(checks)} checks passed in Chromium {version}")
