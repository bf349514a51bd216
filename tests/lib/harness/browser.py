# SPDX-License-Identifier: BSD-3-Clause
"""Chromium without a window, by way of chromedriver (WebDriver over HTTP)."""

import base64
import http.client
import json
import os
import shutil
import subprocess

from harness.poll import wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def has_browser():
    return shutil.which("chromedriver") is not None and any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))


class Browser:
    """One window. Its files go into folder; close() ends it and its driver."""

    def __init__(self, folder, port, size=(1100, 900), dark=False):
        self.port = port
        self.log = open(os.path.join(folder, "chromedriver.log"), "wb")  # pylint: disable=consider-using-with
        self.driver = subprocess.Popen(  # pylint: disable=consider-using-with
            ["chromedriver", f"--port={port}"], stdout=self.log, stderr=self.log,
            env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder)})
        self.session = None
        try:
            wait_until(self._is_ready, 60, "chromedriver is ready")
            options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                                "--disable-background-networking", f"--window-size={size[0]},{size[1]}"]}
            if dark:
                options["args"].append("--force-dark-mode")
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = answer["sessionId"]
        except BaseException:
            self.close()
            raise

    def _is_ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body), headers={"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{value['error']}: {value['message']}")
        return value

    def _ask(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self._ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """The value that the body of a function returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def keys(self, text):
        """Types into whatever has the focus."""
        active = self._ask("GET", "/element/active")[ELEMENT]
        self._ask("POST", f"/element/{active}/value", {"text": text})

    def text(self, selector):
        """The text that is shown there, also where it has to be scrolled to; "" if nothing is."""
        return self.run("const e = document.querySelector(arguments[0]); return e && e.checkVisibility() ? e.textContent : ''", selector)

    def complaints(self):
        """What the console has said: errors of scripts, breaches of the policy."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._ask("GET", "/screenshot")))

    def resize(self, width, height):
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def devtools(self, command, **parameters):
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def close(self):
        try:
            if self.session is not None:
                self._ask("DELETE", "")
        except OSError:
            pass
        self.driver.terminate()
        try:
            self.driver.wait(20)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        self.log.close()
