# SPDX-License-Identifier: BSD-3-Clause
"""contrib/notify with a server and a sendmail of the test's own."""

import http.server
import json
import os
import stat
import subprocess
import threading
import time

import pytest

from harness import wait_until

pytestmark = pytest.mark.ours_only

SCRIPT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../contrib/notify/sentineld-notify"))
EXAMPLE = os.path.join(os.path.dirname(SCRIPT), "notify.ini")
ODOWN = ("+odown", "master m1 10.0.0.1 6379 #quorum 2/2")
SWITCH = ("+switch-master", "m1 10.0.0.1 6379 10.0.0.2 6379")


class Hook:
    """Takes posts; `status` is its answer, "hang" and "drip" are ways to have none."""

    def __init__(self):
        self.posts, self.status, self.over = [], 200, threading.Event()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                hook.posts.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                if hook.status == "hang":
                    hook.over.wait(30)
                elif hook.status == "drip":
                    self.send_response(200)
                    self.end_headers()
                    while not hook.over.wait(0.1):
                        try:
                            self.wfile.write(b"x")
                        except OSError:
                            return
                else:
                    self.send_response(hook.status)
                    self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook():
    made = Hook()
    yield made
    made.close()


class Notify:
    def __init__(self, folder):
        self.folder = folder
        self.conf = os.path.join(folder, "notify.ini")
        self.mails = os.path.join(folder, "mails")

    def configure(self, text):
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text)

    def executable(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return path

    def run(self, *words, timeout="10"):
        return subprocess.run([SCRIPT, *words], env={**os.environ, "SENTINELD_NOTIFY_CONF": self.conf, "SENTINELD_NOTIFY_TIMEOUT": timeout},
                              capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def notify(place):
    return Notify(place.subfolder("notify"))


def test_contrib_notify__chat(notify, hook):
    notify.configure(f"[chat]\nurl = {hook.url}/secret\n")
    assert notify.run("+odown", "master <!channel>&\n\x1b 10.0.0.1 6379 #quorum 2/2").returncode == 0
    path, body = hook.posts[0]
    assert path == "/secret"
    assert "+odown master &lt;!channel&gt;&amp;?? 10.0.0.1 6379 #quorum 2/2" in body["text"]


def test_contrib_notify__one_incident_for_each_group(notify, hook):
    notify.configure(f"[pagerduty]\nrouting-key = KEY\nurl = {hook.url}/v2/enqueue\n")
    assert notify.run(*ODOWN).returncode == 0
    assert notify.run(*SWITCH).returncode == 0
    trigger, resolve = (body for _, body in hook.posts)
    assert trigger["event_action"] == "trigger" and trigger["routing_key"] == "KEY"
    assert trigger["payload"]["severity"] == "critical" and trigger["payload"]["summary"] == " ".join(ODOWN)
    assert {"summary", "source", "severity"} <= set(trigger["payload"])
    assert resolve["event_action"] == "resolve" and resolve["dedup_key"] == trigger["dedup_key"] == "sentineld/m1"


def test_contrib_notify__mail(notify):
    sendmail = notify.executable("sendmail", f'#!/bin/sh\necho "$@" > {notify.mails}\ncat >> {notify.mails}\n')
    notify.configure(f"[mail]\nto = a@example.com, b@example.com\nsendmail = {sendmail}\n")
    assert notify.run("+odown", "master m1\nBcc: x@example.com 10.0.0.1 6379").returncode == 0
    with open(notify.mails, encoding="utf-8") as file:
        text = file.read()
    assert text.startswith("-t -oi\n") and "\nTo: a@example.com, b@example.com\n" in text
    assert "\nSubject: [sentineld] +odown m1?Bcc:\n" in text
    assert "\nBcc:" not in text


def test_contrib_notify__only_what_is_wanted(notify, hook):
    notify.configure(f"[chat]\nurl = {hook.url}\ngroups = m1\n[all]\ntype = chat\nurl = {hook.url}/all\nevents = +sdown\n")
    slave = "slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379"
    for words in (("+sdown", slave), ("+odown", "master m2 10.0.0.1 6379"), ("+new-epoch", "7"), ("", "")):
        assert notify.run(*words).returncode == 0
    assert [path for path, _ in hook.posts] == ["/all"]
    for name in ("m2", "m1"):
        assert notify.run("+lost-writes", f"{name} 10.0.0.1 6379 120").returncode == 0
    assert [path for path, _ in hook.posts] == ["/all", "/"]


@pytest.mark.parametrize("way", ["hang", "drip", 500, 403])
def test_contrib_notify__never_hangs_and_is_tried_again(notify, hook, way):
    hook.status = way
    sendmail = notify.executable("sendmail", f"#!/bin/sh\ncat > {notify.mails}\n")
    notify.configure(f"[chat]\nurl = {hook.url}/SECRET\n[mail]\nto = a@example.com\nsendmail = {sendmail}\n")
    began = time.monotonic()
    done = notify.run(*ODOWN, timeout="1")
    assert time.monotonic() - began < 8
    assert done.returncode == 1 and "[chat] has not taken +odown" in done.stderr and "SECRET" not in done.stderr
    assert os.path.exists(notify.mails), "the other channel was told all the same"


def test_contrib_notify__a_sendmail_that_hangs_is_ended(notify):
    sendmail = notify.executable("sendmail", "#!/bin/sh\nexec sleep 50\n")
    notify.configure(f"[mail]\nto = a@example.com\nsendmail = {sendmail}\n")
    began = time.monotonic()
    assert notify.run(*ODOWN, timeout="1").returncode == 1
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("text", ["", "[chat]\n", "[fax]\nto = 1\n", "no section\n", None])
def test_contrib_notify__wrong_configuration_is_not_tried_again(notify, text):
    if text is not None:
        notify.configure(text)
    assert notify.run(*ODOWN).returncode == 2


def test_contrib_notify__the_example_is_right(notify):
    with open(EXAMPLE, encoding="utf-8") as file:
        notify.configure(file.read())
    assert notify.run("+new-epoch", "7").returncode == 0
    assert notify.run("+odown").returncode == 2


def test_contrib_notify__a_sentinel_tells(place, notify, hook):
    notify.configure(f"[chat]\nurl = {hook.url}\nevents = +sdown\n")
    script = notify.executable("script", f"#!/bin/sh\nSENTINELD_NOTIFY_CONF={notify.conf} exec {SCRIPT} \"$@\"\n")
    master = place.redis()
    place.sentinel(place.monitor(master, down_after_ms=500, quorum=2, notification_script=script))
    master.kill()
    wait_until(lambda: any("+sdown master mymaster" in body["text"] for _, body in hook.posts), 30, "the event has arrived")
