"""A reader at the screen: the built site behind a server of its own, and a browser."""

import http.server
from functools import partial

from browser import PATIENCE, serving
from tests.conftest import ROOT

BUILT = ROOT / "_build" / "html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        pass


def served(folder):
    """The address of a server for the files in a folder."""
    return serving(partial(Quiet, directory=folder))


class Readers(list):
    """The readers of one test."""

    def __init__(self, browser, address):
        super().__init__()
        self.browser, self.address = browser, address

    def new(self, **settings):
        self.append(Reader(self.browser, self.address, **settings))
        return self[-1]


class Reader:
    """One reader's browser window; `asked` lists the addresses of all that it asked for."""

    def __init__(self, browser, address, **settings):
        self.address, self.asked = address, []
        self.window = browser.new_context(base_url=address, **{"viewport": {"width": 1280, "height": 900}, **settings})
        self.window.set_default_timeout(PATIENCE)
        self.window.on("request", lambda request: self.asked.append(request.url))
        self.page = self.window.new_page()
        self.raised = []
        self.page.on("pageerror", lambda error: self.raised.append(f"{error}\n{error.stack}"))

    def open(self, path):
        self.page.goto(path)
        return self

    def question(self, name, exercise=""):
        """The place of an answer; with the exercise, where two of a page have a question of that name."""
        within = f'[data-exercise="{exercise}"]' if exercise else ""
        return self.page.locator(f'hb-question[data-name="{name}"]{within}').first

    def all(self, exercise):
        """What belongs to all questions of an exercise."""
        return self.page.locator(f'hb-exercise[data-name="{exercise}"]').first

    def write(self, name, text):
        """Put an answer into the editor, as somebody who types."""
        place = self.question(name)
        place.locator("textarea, .cm-content").first.click()
        place.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def press(self, place, button):
        """Press a button and wait for the end; what is then said of it."""
        place.get_by_role("button", name=button, exact=True).click()
        return self.end_of(place)

    def end_of(self, place):
        """Wait until Python is done; the sentence at the end."""
        place.get_by_role("button", name="Stop").wait_for(state="hidden")
        return place.get_by_role("status").inner_text()

    def output(self, place):
        """What has come out below an answer, one space between two words."""
        return " ".join(place.get_by_role("log").inner_text().split())
