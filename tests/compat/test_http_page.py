# SPDX-License-Identifier: BSD-3-Clause
"""The page for people, in Chromium, and as those see it who have no JavaScript."""

import html.parser
import os
import urllib.request

import pytest

from harness import Group, wait_until
from harness.browser import Browser, has_browser

pytestmark = pytest.mark.ours_only
in_browser = pytest.mark.skipif(not has_browser(), reason="chromium and chromedriver are not here (scripts/deps --dev)")

PICTURES = os.environ.get("SN_PAGE_PICTURES")  # a folder: screenshots for the docs go there


@pytest.fixture
def watched(place):
    """A group of three sentinels; the first has an HTTP port: (group, port)."""
    port = place.ports.take()
    master = place.redis()
    replicas = [place.redis(master) for _ in range(2)]
    for replica in replicas:
        wait_until(lambda r=replica: r.info()["master_link_status"] == "up", 60, f"{replica.name} in sync")
    monitor = place.monitor(master, down_after_ms=500)
    sentinels = [place.sentinel(monitor, extra=[f"http-port {port}"] if i == 0 else []) for i in range(3)]
    return Group("mymaster", [master, *replicas], sentinels).wait_ready(), port


@pytest.fixture
def browser(place):
    window = Browser(place.subfolder("browser"), place.ports.take())
    yield window
    window.close()


def picture(browser, name, height=None):
    if PICTURES:
        if height:
            browser.resize(1120, height)
        browser.screenshot(os.path.join(PICTURES, name))


# ---------------------------------------------------------------- without JavaScript

class Table(html.parser.HTMLParser):
    """The rows of the body of the table, each a list of texts, and the links."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.links, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        elif tag == "a" and self.rows:
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.headers, answer.read().decode()


def test_http_page__is_readable_without_javascript(watched):
    group, port = watched
    headers, text = get(port, "/")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in headers["Content-Security-Policy"] and "unsafe" not in headers["Content-Security-Policy"]
    table = Table(text)
    assert table.rows[1][:5] == ["mymaster", "ok", f"127.0.0.1:{group.master.port}", "2 of 2", "3 of 3"]
    assert get(port, table.links[0])[1].startswith('{\n  "name": "mymaster"')
    assert not any(tag == "script" and "src" not in attributes for tag, attributes in table.tags)
    assert not any(name.startswith("on") or name == "style" for _, attributes in table.tags for name in attributes)
    for path, kind in (("/page.css", "text/css"), ("/page.js", "text/javascript")):
        assert get(port, path)[0]["Content-Type"].startswith(kind)


EVIL = """<script>document.title='evil'</script>"'&<img/src=x/onerror=alert(1)>"""


def test_http_page__names_are_text(place):
    port = place.ports.take()
    sentinel = place.sentinel(extra=[f"http-port {port}"])
    sentinel.commands.execute_command("SENTINEL", "MONITOR", EVIL, "127.0.0.1", str(place.ports.take()), "1")
    text = get(port, "/")[1]
    table = Table(text)
    assert table.rows[1][0] == EVIL
    assert "<script>document" not in text and "<img" not in text
    assert '"name": ' in get(port, table.links[0])[1]


@in_browser
def test_http_page__names_are_text_in_a_browser(place, browser):
    port = place.ports.take()
    sentinel = place.sentinel(extra=[f"http-port {port}"])
    browser.open(f"http://127.0.0.1:{port}/")
    sentinel.commands.execute_command("SENTINEL", "MONITOR", EVIL, "127.0.0.1", str(place.ports.take()), "1")
    wait_until(lambda: EVIL in browser.text("#group-table tbody"), 30, "the group is shown")
    browser.run("document.querySelector('#group-table tbody a').click()")
    wait_until(lambda: "Topology" in browser.text("#detail"), 30, "the group is open")
    assert browser.text("#detail-title") == EVIL
    assert browser.run("return document.title") != "evil"
    assert browser.run("return document.querySelectorAll('img').length") == 0


# ---------------------------------------------------------------- a failover

@in_browser
def test_http_page__a_failover_is_seen(watched, browser):
    group, port = watched
    browser.open(f"http://127.0.0.1:{port}/")
    wait_until(lambda: "All is well: 1 group." in browser.text("#summary"), 30, "all is well")
    browser.keys("/")
    browser.keys("mym")
    assert browser.run("return document.activeElement.id") == "search"
    browser.keys("\ue015")  # arrow down
    browser.keys("\ue007")  # enter
    wait_until(lambda: browser.text("#detail .tree").count("replica ") == 2, 30, "the group is open")
    wait_until(lambda: browser.text("#detail").count("has not said that it is down") == 2, 30, "its sentinels are shown")
    wait_until(lambda: f"What: The master 127.0.0.1:{group.master.port} is up." in browser.text("#explain"), 30, "what goes on is told")
    picture(browser, "page.png")
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    wait_until(lambda: f"127.0.0.1:{new.port}" in browser.text("#group-table tbody"), 30, "the new primary is shown")
    wait_until(lambda: "+switch-master" in browser.text("#event-list"), 30, "the event is shown")
    wait_until(lambda: f"primary 127.0.0.1:{new.port}" in browser.text("#detail .tree"), 30, "the new topology is shown")
    wait_until(lambda: "+switch-master" in browser.text("#now-list") or "+config-update-from" in browser.text("#now-list"), 30, "its steps are shown")
    wait_until(lambda: f"to 127.0.0.1:{new.port}, completed in" in browser.text("#history-list"), 30, "the history is shown")
    browser.run("document.querySelector('#history-list summary').click()")
    wait_until(lambda: "+switch-master" in browser.text("#history-list .timeline"), 30, "its timeline is shown")
    assert browser.run("return document.querySelectorAll('#history-list details[open] progress').length") > 2
    picture(browser, "page-failover.png", 1250)
    assert f"127.0.0.1:{old.port}" in browser.text("#detail .tree")
    browser.keys("\ue00c")  # escape
    assert browser.run("return document.querySelector('#detail').hidden")
    wait_until(lambda: "advice mymaster: " in browser.text("#doctor-list") and "min-replicas-to-write" in browser.text("#doctor-list"), 30, "the doctor is heard")
    browser.run("document.querySelector('#doctor').scrollIntoView()")
    picture(browser, "page-doctor.png", 900)
    assert browser.complaints() == []


@in_browser
def test_http_page__a_primary_that_stays_down_is_seen(watched, browser):
    group, port = watched
    browser.open(f"http://127.0.0.1:{port}/")
    wait_until(lambda: "All is well" in browser.text("#summary"), 30, "all is well")
    for sentinel in group.sentinels[1:]:
        sentinel.stop()
    group.master.kill()
    wait_until(lambda: "subjectively down" in browser.text("#group-table tbody"), 30, "the state is shown")
    wait_until(lambda: "1 group with a primary that is down" in browser.text("#summary"), 30, "the summary tells it")
    assert "+sdown" in browser.text("#now-list")
    wait_until(lambda: "1 of 3" in browser.text("#group-table tbody"), 30, "the lost sentinels are shown")


@in_browser
def test_http_page__tells_that_its_sentinel_is_gone(place, browser):
    port = place.ports.take()
    sentinel = place.sentinel(extra=[f"http-port {port}"])
    browser.open(f"http://127.0.0.1:{port}/")
    wait_until(lambda: "All is well" in browser.text("#summary"), 30, "the page is there")
    sentinel.stop()
    wait_until(lambda: "No connection" in browser.text("#link"), 60, "that is told")
    sentinel.start()
    wait_until(lambda: "No connection" not in browser.text("#link"), 60, "it is back")


# ---------------------------------------------------------------- many groups, small windows

@in_browser
def test_http_page__a_thousand_groups_stay_smooth(place, browser):
    port = place.ports.take()
    sentinel = place.sentinel(extra=[f"http-port {port}"])
    pipe = sentinel.commands.pipeline(transaction=False)
    for i in range(1000):
        pipe.execute_command("SENTINEL", "MONITOR", f"group-{i:04}", "127.0.0.1", "9", "2")
    pipe.execute()
    browser.open(f"http://127.0.0.1:{port}/")
    wait_until(lambda: browser.run("return rows.size") == 1000, 60, "all groups are there")
    wait_until(lambda: browser.run("return [...rows.values()].every((entry) => entry.group)"), 60, "all are known")
    assert sentinel.raw("PAUSE", "*", "1800", "new switch") in (True, "OK")
    wait_until(lambda: "1000 groups for another 30 min, by sentinel" in browser.text("#paused"), 60, "one order is one line")
    wait_until(lambda: "more like this" in browser.text("#doctor-list"), 60, "the doctor is heard")
    # What a reload costs when nothing has changed, and what a search costs: work on the page is counted, not timed.
    changes = browser.run("""
        window.changes = 0;
        window.watcher = new MutationObserver((list) => { window.changes += list.length; });
        watcher.observe(document.querySelector('main'), {subtree: true, childList: true, characterData: true, attributes: true});
        [...rows.values()].map((entry) => entry.group).forEach(update);
        afterChange();
        return watcher.takeRecords().length;""")
    assert changes == 0
    changes = browser.run("""
        byId('search').value = 'group-09';
        byId('search').dispatchEvent(new Event('input'));
        return watcher.takeRecords().length;""")
    assert browser.text("#found") == "100 of 1000"
    assert 900 <= changes <= 901, "the rows that are hidden, and the number"
    assert browser.run("return document.querySelectorAll('#doctor-list li').length") < 1000


@in_browser
def test_http_page__a_pause_is_seen_large(watched, browser):
    group, port = watched
    browser.open(f"http://127.0.0.1:{port}/")
    wait_until(lambda: "All is well" in browser.text("#summary"), 30, "all is well")
    order = group.sentinels[1]
    told = f"mymaster for another 30 min, by sentinel {order.my_id()[:8]}: "
    for why in ("<b>never</b> mind", "new switch in rack 7"):
        assert order.raw("PAUSE", "mymaster", "1800", why) in (True, "OK")
        wait_until(lambda w=why: told + w in browser.text("#paused"), 30, "it is told")
    wait_until(lambda: "1 group paused." in browser.text("#summary"), 30, "the summary tells it")
    assert "PAUSED" in browser.text("#group-table tbody")
    size = "return parseFloat(getComputedStyle(document.querySelector('%s')).fontSize)"
    assert browser.run(size % "#paused-title") > 1.3 * browser.run(size % "#groups td")
    picture(browser, "page-pause.png", 640)
    assert group.sentinels[2].raw("RESUME", "mymaster") in (True, "OK")
    wait_until(lambda: browser.run("return document.querySelector('#paused').hidden"), 30, "it is over")


@in_browser
def test_http_page__fits_a_phone_and_the_dark(watched, browser):
    _, port = watched
    browser.devtools("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.open(f"http://127.0.0.1:{port}/#group=mymaster")
    wait_until(lambda: "Topology" in browser.text("#detail"), 30, "the group is open")
    assert browser.run("return document.documentElement.scrollWidth") <= 360
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    picture(browser, "page-phone.png")


@in_browser
def test_http_page__can_be_heard(watched, browser):
    """What a screen reader needs: landmarks, names of fields, heads of columns, told changes."""
    _, port = watched
    browser.open(f"http://127.0.0.1:{port}/")
    wait_until(lambda: "All is well" in browser.text("#summary"), 30, "the page is there")
    tree = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]}
    kinds = {role for role, _ in roles}
    assert {"main", "banner", "contentinfo", "search"} <= kinds
    assert ("searchbox", "Search") in roles
    assert ("region", "Groups") in roles and ("region", "Events") in roles
    assert ("columnheader", "State") in roles and ("rowheader", "mymaster") in roles
    assert browser.run("return document.querySelector('#summary').getAttribute('aria-live')") == "polite"
