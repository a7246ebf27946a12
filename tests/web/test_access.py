"""Every page is for everyone: axe-core in light and dark, all widths, the keyboard, and a browser without scripts.

Each page is opened once with scripts and once without; looks.js holds what is asked of it beyond axe.
"""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.reader import BUILT, Reader, chromium, served

pytestmark = pytest.mark.site

PAGES = sorted(str(path.relative_to(BUILT)) for path in BUILT.rglob("*.html") if "_static" not in path.parts)
LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf8")
WIDTHS = (1920, 1280, 1024, 768, 640, 390, 320)  # 640 is what a window of 1280 shows at 200 %, 320 at 400 %
# Letters and lines further apart, as WCAG 1.4.12 has it.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""


@pytest.fixture(scope="module")
def address():
    with served(BUILT) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


class Look:
    """All that there is to say of one page, from one visit."""

    def __init__(self, browser, address, path):
        self.reader = Reader(browser, address, color_scheme="light", reduced_motion="reduce")
        self.said = []
        self.page = self.reader.page
        self.page.on("console", lambda each: self.said.append(each.text) if each.type == "error" else None)
        self.page.add_init_script(LOOKS)
        self.reader.open(path)
        self.page.wait_for_load_state("networkidle")
        self.page.keyboard.press("Tab")  # from here on the focus is that of a keyboard
        self.faults = {}
        for name in ("headings", "tables", "links", "images", "focus", "contrast"):
            self.ask(name)
        self.theme("dark").ask("contrast", "contrast, dark")
        self.ask("focus", "focus, dark")
        for width in WIDTHS:
            self.at(width).ask("beyond", f"{width} px")
        self.page.wait_for_timeout(50)  # an observer's turn
        self.ask("boxes")
        spaced = self.page.add_style_tag(content=SPACED)
        self.ask("beyond", "spaced")
        spaced.evaluate("style => style.remove()")
        self.page.evaluate("looks.plain()")
        self.at(1280).axe("axe, dark", runOnly=["color-contrast"])
        self.theme("light").at(390).axe("axe", rules={"target-size": {"enabled": True}})

    def at(self, width):
        self.page.set_viewport_size({"width": width, "height": 900})
        return self

    def theme(self, name):
        self.page.evaluate("name => document.documentElement.dataset.theme = name", name)
        return self

    def ask(self, look, name=""):
        self.faults[name or look] = self.page.evaluate(f"looks.{look}()")

    def axe(self, name, **options):
        options = {"preload": False, "resultTypes": ["violations"], **options}
        found = Axe().run(self.page, options=options).response["violations"]
        self.faults[name] = [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
