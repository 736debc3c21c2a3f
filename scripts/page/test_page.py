"""Checks the live page in a browser: test_page.py PROGRAM CHROMIUM."""

import re
import socket
import sys
import tempfile
from pathlib import Path

from browser import FAINT, PHONE, run
from live_server import HOSTILE, REJECTS, LiveServer, color_of, keep_rejects, stem_of
from playwright.sync_api import expect

PROGRAM, CHROMIUM = sys.argv[1:]
expect.set_options(timeout=20_000)

# The colours at two places of an image, as the browser shows them.
PIXELS = """image => {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const g = canvas.getContext("2d", { willReadFrequently: true });
  g.drawImage(image, 0, 0);
  const at = (x) => [...g.getImageData(Math.floor(x * canvas.width), Math.floor(canvas.height / 2), 1, 1).data];
  return [at(0.25), at(0.75)].map((p) => p.slice(0, 3));
}"""

# How many pixels of the curve are near each of the page's colours.
CURVE = """(canvas, names) => {
  const style = getComputedStyle(document.documentElement);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return names.map((name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
    let n = 0;
    for (let i = 0; i < data.length; i += 4)
      n += Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 30 && data[i + 3] > 200;
    return n;
  });
}"""

# Everything to tap that a finger would miss.
SMALL = """() => [...document.querySelectorAll("button, a, input, select")]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.id || e.className, e.getBoundingClientRect()])
  .filter(([, r]) => r.width < 44 || r.height < 44)
  .map(([name, r]) => `${name}: ${r.width} x ${r.height}`)"""


def check_verdict(page, state, word, detail=None, score=None, committed="unknown"):
    expect(page.locator("#verdict")).to_have_attribute("data-state", state)
    expect(page.locator("#word")).to_have_text(word)
    expect(page.locator("#committed")).to_have_text(committed)
    expect(page).to_have_title(re.compile(f"^{re.escape(word)} "))
    if detail:
        expect(page.locator("#detail")).to_contain_text(detail)
    if score:
        expect(page.locator("#score")).to_have_text(score)


def near(found, wanted, bound=12):
    return all(abs(a - b) <= bound for a, b in zip(found, wanted, strict=True))


def wait_for(page, what, script, arg, is_right):
    for _ in range(200):
        found = page.locator(what).evaluate(script, arg)
        if is_right(found):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{what}: {found}")


def a_drift_alarm_is_shown_while_it_stands(tester):
    with LiveServer(PROGRAM) as server, tester.page(server.url) as page:
        server.tell("known cat 6.10")
        check_verdict(page, "known", "cat", score="6.10", committed="cat")
        expect(page.locator("#p-value")).to_have_text("0.5000")
        expect(page.locator("#drift")).to_be_hidden()
        expect(page.locator("[data-of=evidence]")).to_have_text("off")
        server.tell("drift falling")
        expect(page.locator("#drift")).to_have_text(re.compile("^Drift: scores are falling, "))
        expect(page.locator("[data-of=drifts]")).to_have_text("1")
        expect(page.locator("[data-of=evidence]")).to_have_text("12.5%")
        check_verdict(page, "known", "cat", score="6.10", committed="cat")
        tester.shot(page, "drift")
        server.tell("drift over")
        expect(page.locator("#drift")).to_be_hidden()
        expect(page.locator("[data-of=drifts]")).to_have_text("1")


def verdicts_follow_the_loop(tester):
    with LiveServer(PROGRAM) as server, tester.page(server.url) as page:
        server.tell("known cat 6.10")
        check_verdict(page, "known", "cat", "confidence 93%", "6.10", "cat")
        expect(page.locator("#spoken")).to_have_text("Committed: cat")
        expect(page.locator("#threshold")).to_have_text("4.50")
        expect(page.locator("#model")).to_have_text("made-events-v1, 4 classes")
        expect(page.locator("#link-text")).to_have_text("live")
        server.tell("unknown 2.25")
        check_verdict(page, "unknown", "UNKNOWN", "nearest cat", "2.25")
        expect(page.locator("#spoken")).to_have_text("Committed: unknown")
        server.tell("fault a truncated JPEG")
        check_verdict(page, "unknown", "UNKNOWN", "a truncated JPEG", "–")
        server.tell("known cat 6.10", "lost /dev/video0 was unplugged")
        check_verdict(page, "lost", "CAMERA LOST", "/dev/video0 was unplugged", "–")
        expect(page.locator("#spoken")).to_contain_text("CAMERA LOST")
        expect(page.locator("#veil")).to_have_text("Old picture")
        tester.shot(page, "desktop-lost")
        server.tell("restored", "known frog 7.00")
        check_verdict(page, "known", "frog", None, "7.00", "frog")
        expect(page.locator("#veil")).to_be_hidden()
        server.tell("refuse not a model <b>file</b>")
        expect(page.locator("#notice")).to_contain_text("not a model <b>file</b>")
        server.tell("freeze")
        check_verdict(page, "stale", "NO VERDICT", "no verdict for")
        for name in ("fps", "p50", "p99", "frames", "unknown", "dropped", "missed"):
            expect(page.locator(f"[data-of={name}]")).to_have_text(re.compile(r"\d" if name != "fps" else "–"))


def pictures_are_the_cameras(tester):
    with LiveServer(PROGRAM) as server, tester.page(server.url) as page:
        for color in [(200, 40, 40), (20, 180, 60), (0, 0, 0)]:
            server.tell("color {} {} {}".format(*color), "known cat 6.0")
            expect(page.locator("#frame")).to_be_visible()
            opposite = [255 - c for c in color]
            wait_for(page, "#frame", PIXELS, None, lambda p, c=color, o=opposite: near(p[0], c) and near(p[1], o))
        expect(page.locator("#frame")).to_have_attribute("alt", "The camera's picture, verdict cat")


def the_curve_is_drawn(tester):
    with LiveServer(PROGRAM) as server, tester.page(server.url) as page:
        colors = ["--known", "--unknown", "--line", "--below"]
        server.tell("known cat 6.0")
        wait_for(page, "#curve", CURVE, colors, lambda n: n[0] > 5 and n[2] > 100 and n[3] > 1000)
        server.tell("unknown 2.0")
        wait_for(page, "#curve", CURVE, colors, lambda n: n[1] > 5)
        expect(page.locator("#curve")).to_have_attribute("aria-label", re.compile("from 2.00 to .*threshold 4.50.*unknown"))
        # Whoever comes later sees what was before.
        page.reload()
        wait_for(page, "#curve", CURVE, colors, lambda n: n[0] > 5 and n[1] > 5)


def rejects_are_looked_through(tester):
    with tempfile.TemporaryDirectory() as folder:
        keep_rejects(folder)
        with LiveServer(PROGRAM, "127.0.0.1:0", "--rejects", folder) as server, tester.page(server.url) as page:
            server.tell("unknown 2.0")
            tiles = page.locator(".tile")
            expect(tiles).to_have_count(24)
            expect(page.locator("#rejects-total")).to_have_text(f"({REJECTS})")
            stems = tiles.evaluate_all("tiles => tiles.map(t => t.dataset.stem)")
            assert stems == [stem_of(i) for i in range(29, 5, -1)], stems
            expect(tiles.nth(1)).to_contain_text(HOSTILE)
            expect(tiles.nth(0)).to_contain_text("score 1.54 < 4.50")
            page.locator("#older").click()
            expect(tiles).to_have_count(6)
            expect(page.locator("#older")).to_be_disabled()
            page.locator("#newer").click()
            expect(tiles).to_have_count(24)
            tiles.nth(2).click()
            large = page.locator("#large")
            expect(large).to_be_visible()
            shows = lambda i: wait_for(page, "#large-image", PIXELS, None, lambda p: near(p[0], color_of(i), 0))
            page.wait_for_function("document.getElementById('large-image').complete")
            shows(27)
            expect(page.locator("#large-facts")).to_contain_text("1.5200")
            page.keyboard.press("ArrowRight")
            shows(26)
            tester.shot(page, "desktop-reject")
            with page.expect_download() as got:
                page.locator("#download").click()
            assert got.value.suggested_filename == f"{stem_of(26)}.png"
            kept = Path(folder, f"{stem_of(26)}.png").read_bytes()
            assert Path(got.value.path()).read_bytes() == kept
            page.keyboard.press("Escape")
            expect(large).to_be_hidden()


def a_server_that_comes_back_is_found(tester):
    server = LiveServer(PROGRAM)
    with tester.page(server.url, may_fail="ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET)") as page:
        server.tell("known cat 6.10")
        check_verdict(page, "known", "cat", committed="cat")
        server.kill()
        check_verdict(page, "offline", "UNKNOWN", "No connection")
        expect(page.locator("#link-text")).to_have_text("no connection")
        tester.shot(page, "desktop-offline")
        with LiveServer(PROGRAM, server.address) as server:
            server.tell("known truck 5.50")
            check_verdict(page, "known", "truck", committed="truck")
            expect(page.locator("#link-text")).to_have_text("live")
            # The picture is of the new server, too.
            server.tell("color 10 200 30", "known truck 5.50")
            wait_for(page, "#frame", PIXELS, None, lambda p: near(p[0], (10, 200, 30)))


def a_full_house_is_said(tester):
    with LiveServer(PROGRAM) as server:
        server.tell("known cat 6.10")
        host, port = server.address.split(":")
        crowd = [socket.create_connection((host, int(port))) for _ in range(16)]
        for one in crowd:
            one.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert one.recv(100).startswith(b"HTTP/1.1 200")
        with tester.page(server.url, may_fail="503") as page:
            check_verdict(page, "offline", "UNKNOWN", "Too many pages")
            for one in crowd:
                one.close()
            check_verdict(page, "known", "cat", committed="cat")


def nobody_looks_while_the_page_is_hidden(tester):
    hide = """isHidden => {
      Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with LiveServer(PROGRAM) as server, tester.page(server.url) as page:
        expect(page.locator("#frame")).to_be_visible()
        page.evaluate(hide, True)
        expect(page.locator("#verdict")).to_have_attribute("data-state", "offline")
        page.wait_for_load_state("networkidle")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(1500)
        assert not asked, asked
        page.evaluate(hide, False)
        expect(page.locator("#link-text")).to_have_text("live")
        with page.expect_request("**/frame.jpg*"):
            pass


def the_token_is_asked_for_once(tester):
    token = "abcDEF0123456789+/="
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "token")
        path.write_text(token + "\n")
        path.chmod(0o600)
        with LiveServer(PROGRAM, "127.0.0.1:0", "--token", path) as server:
            server.tell("known cat 6.10")
            with tester.page(server.url, may_fail="401") as page:
                expect(page.locator("h1")).to_have_text("Locked")
                assert page.evaluate("fetch('/api/state').then(a => a.status)") == 401
                page.goto(f"{server.url}?token={token}")
                assert page.url == server.url, page.url
                check_verdict(page, "known", "cat", committed="cat")
                expect(page.locator("#frame")).to_be_visible()
                assert page.evaluate("document.cookie") == "", "a script can read the token"
                page.goto(server.url)
                check_verdict(page, "known", "cat", committed="cat")
                page.context.clear_cookies()
                page.reload()
                expect(page.locator("h1")).to_have_text("Locked")


def a_phone_shows_all(tester):
    with tempfile.TemporaryDirectory() as folder:
        keep_rejects(folder)
        with LiveServer(PROGRAM, "127.0.0.1:0", "--rejects", folder) as server:
            for scheme in ("light", "dark"):
                options = {"is_mobile": True, "has_touch": True, "device_scale_factor": 3, "color_scheme": scheme}
                with tester.page(server.url, PHONE, **options) as page:
                    server.tell("known cat 6.10")
                    check_verdict(page, "known", "cat", committed="cat")
                    expect(page.locator(".tile")).to_have_count(24)
                    check_fit(page)
                    page.wait_for_timeout(1500)
                    tester.shot(page, f"phone-{scheme}-known")
                    server.tell("fault " + "very_long_word_without_a_break" * 8)
                    check_verdict(page, "unknown", "UNKNOWN")
                    check_fit(page)
                    server.tell("lost the camera was unplugged")
                    check_verdict(page, "lost", "CAMERA LOST")
                    check_fit(page)
                    tester.shot(page, f"phone-{scheme}-lost")
                    page.locator(".tile").first.tap()
                    expect(page.locator("#large")).to_be_visible()
                    check_fit(page)
                    tester.shot(page, f"phone-{scheme}-reject")
                    server.tell("restored")


def check_fit(page):
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= PHONE["width"] and width[1] == PHONE["width"], f"it scrolls sideways: {width}"
    small = page.evaluate(SMALL)
    assert not small, f"too small to tap: {small}"


def texts_are_readable_in_light_and_dark(tester):
    with tempfile.TemporaryDirectory() as folder:
        keep_rejects(folder)
        with LiveServer(PROGRAM, "127.0.0.1:0", "--rejects", folder) as server:
            for scheme in ("light", "dark"):
                with tester.page(server.url, color_scheme=scheme, reduced_motion="reduce") as page:
                    for line, state in [("known cat 6.1", "known"), ("unknown 2.2", "unknown"), ("lost gone", "lost")]:
                        server.tell(line)
                        expect(page.locator("#verdict")).to_have_attribute("data-state", state)
                        expect(page.locator(".tile")).to_have_count(24)
                        faint = page.evaluate(FAINT)
                        assert not faint, f"{scheme}, {state}: {faint}"
                        tester.shot(page, f"desktop-{scheme}-{state}")
                    server.tell("restored")


def foreign_code_does_not_run(tester):
    with LiveServer(PROGRAM) as server, tester.page(server.url, may_fail="Content Security Policy") as page:
        blocked = page.evaluate(
            """async () => {
              const blocked = [];
              document.addEventListener("securitypolicyviolation", (e) => blocked.push(e.effectiveDirective));
              const add = (tag, with_) => document.body.append(Object.assign(document.createElement(tag), with_));
              add("script", { textContent: "window.ran = true" });
              add("div", { innerHTML: "<img src=/icon.svg onload='window.ran = true'>" });
              add("img", { src: "http://127.0.0.1:9/" });
              add("iframe", { src: "/icon.svg" });
              await fetch("http://127.0.0.1:9/").catch(() => null);
              await new Promise((r) => setTimeout(r, 500));
              return { blocked, ran: window.ran === true };
            }"""
        )
        assert not blocked["ran"]
        wanted = {"script-src-elem", "script-src-attr", "img-src", "frame-src", "connect-src"}
        assert wanted <= set(blocked["blocked"]), blocked


CHECKS = [
    verdicts_follow_the_loop,
    a_drift_alarm_is_shown_while_it_stands,
    pictures_are_the_cameras,
    the_curve_is_drawn,
    rejects_are_looked_through,
    a_server_that_comes_back_is_found,
    a_full_house_is_said,
    nobody_looks_while_the_page_is_hidden,
    the_token_is_asked_for_once,
    a_phone_shows_all,
    texts_are_readable_in_light_and_dark,
    foreign_code_does_not_run,
]


run(CHECKS, CHROMIUM)
