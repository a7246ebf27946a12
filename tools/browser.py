"""The system's browser, and a server for what it opens: for the tests, for the PDF, and to measure pages."""

import shutil
import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACS = tuple(f"/Applications/{name}.app/Contents/MacOS/{name}" for name in ("Chromium", "Google Chrome"))
PATIENCE = 3_600_000  # ms: it only guards against hanging; what is waited for ends the wait


class Missing(Exception):
    """There is no browser on this machine."""


def program():
    """The path of the system's browser; a Mac has none of its programs on the path."""
    found = next(filter(None, map(shutil.which, (*BROWSERS, *MACS))), None)
    if found is None:
        raise Missing("there is no browser: install Chromium (on Debian: sudo apt-get install chromium)")
    return found


@contextmanager
def chromium():
    """The system's browser, driven by Playwright."""
    path = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(handler):
    """The address of a server of this machine, whose requests the handler answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True  # a browser keeps its lines open
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:  # or the thread would keep Python from ever ending
            server.shutdown()
            thread.join()
