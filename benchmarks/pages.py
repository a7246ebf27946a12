"""What a page of the site costs its reader: python benchmarks/pages.py [--site FOLDER] [--out FILE] [PAGE ...].

Each page is opened in Chromium as a first page, and after it the next one in reading order as a second, from a server
that compresses: bytes as they come over the line, layout shift, and on a slow line and a slow machine (1.6 Mbit/s,
150 ms, a quarter of the processor) the time to the end of loading and the work of the main thread. Seconds depend on
the machine: compare rows of one run. Bytes and shifts do not; tests/web/test_weight.py holds their bounds.
"""

import argparse
import gzip
import http.server
import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import yaml

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tools" / "book"))

from browser import PATIENCE, Missing, chromium, serving
from check_site import toc_pages

ROOT = Path(__file__).resolve().parent.parent
SLOW = {"latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8, "offline": False}
SHRINK = (".html", ".css", ".js", ".mjs", ".svg", ".json")  # what servers compress; pictures and fonts are compressed
SHIFTS = """
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


class Compressing(http.server.BaseHTTPRequestHandler):
    """Serves the files of a folder as a host does: compressed, to be kept for an hour."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments, folder):
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self):
        path = (self.folder / self.path.partition("?")[0].lstrip("/")).resolve()
        if not path.is_relative_to(self.folder) or not path.is_file():
            self.send_error(404)
            return
        content = sent(path)
        self.send_response(200)
        self.send_header("Content-Type", http.server.SimpleHTTPRequestHandler.guess_type(self, str(path)))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=3600")
        if path.suffix in SHRINK:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map

    def log_message(self, *_):
        pass


@cache
def sent(path):
    content = path.read_bytes()
    return gzip.compress(content, mtime=0) if path.suffix in SHRINK else content


def compressed(folder):
    """The address of a server for the files in a folder."""
    return serving(partial(Compressing, folder=folder.resolve()))


@dataclass
class Visit:
    """What the opening of a page took. `files` has the bytes of each address that was asked for."""

    files: dict
    load: float  # seconds to the end of loading
    work: float  # seconds of the main thread
    shift: float  # of the layout, cumulative

    @property
    def weight(self):
        return sum(self.files.values())


class Visitor:
    """Somebody with an empty cache, in a window of a certain size; a slow one has an old phone and a weak signal."""

    def __init__(self, browser, slow=False, **settings):
        self.window = browser.new_context(**settings)
        self.window.set_default_timeout(PATIENCE)
        self.page = self.window.new_page()
        self.page.add_init_script(SHIFTS)
        self.line = self.window.new_cdp_session(self.page)
        self.line.send("Network.enable")
        self.line.send("Performance.enable")
        if slow:
            self.line.send("Network.emulateNetworkConditions", SLOW)
            self.line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        self.names, self.files = {}, {}
        self.line.on("Network.requestWillBeSent", lambda event: self.note(event["requestId"], event["request"]["url"]))
        self.line.on("Network.loadingFinished", lambda event: self.add(event["requestId"], event["encodedDataLength"]))

    def note(self, request, address):
        self.names[request] = address

    def add(self, request, size):
        address = self.names.get(request, request)
        if not address.startswith("data:"):  # came with what it stands in
            self.files[address] = self.files.get(address, 0) + size

    def open(self, address, rest=500):
        """What a page costs; `rest` ms after all has come, for what scripts put off."""
        self.go(address)
        return self.cost(rest)

    def go(self, address):
        """Open a page, and count from here on."""
        self.files = {}
        self.page.goto(address)

    def cost(self, rest=500):
        """What the page costs that was opened last."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(rest)
        metrics = {each["name"]: each["value"] for each in self.line.send("Performance.getMetrics")["metrics"]}
        load = self.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
        return Visit(dict(self.files), load, metrics["TaskDuration"], self.page.evaluate("window.shift"))

    def close(self):
        self.window.close()


def measured(browser, address, page, following):
    """One row: the bytes of a page as the first and of another as the second, shift, and seconds on the slow line."""
    quick, slow = Visitor(browser), Visitor(browser, slow=True)
    first, second, late = quick.open(address + page), quick.open(address + following), slow.open(address + page)
    quick.close(), slow.close()
    name = page.removesuffix(".html").removeprefix("chapters/")
    cells = [f"{first.weight / 1e3:.0f}", f"{second.weight / 1e3:.0f}", f"{late.load:.1f}", f"{late.work:.1f}"]
    return f"| {name} | {' | '.join(cells)} | {max(first.shift, late.shift):.3f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--out", type=Path, help="write the table here too")
    parser.add_argument("pages", nargs="*", help="for example chapters/08-parameterization; without any, all chapters")
    given = parser.parse_args()
    every = list(toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
    chosen = given.pages or [page for page in every if page.startswith("chapters/") and "/reference/" not in page]
    rows = ["| page | first, kB | second, kB | load, s | work, s | shift |", "| --- | --- | --- | --- | --- | --- |"]
    print(*rows, sep="\n", flush=True)
    with compressed(given.site) as address, chromium() as browser:
        for page in chosen:
            following = every[(every.index(page) + 1) % len(every)]
            rows.append(measured(browser, address, f"{page}.html", f"{following}.html"))
            print(rows[-1], flush=True)
    if given.out:
        given.out.write_text("\n".join(rows) + "\n", encoding="utf8")


if __name__ == "__main__":
    try:
        main()
    except Missing as reason:
        sys.exit(str(reason))
