"""Bundles what runs in the pages, from web/ and npm's packages: answers.js with its editor, the figures to touch."""

import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path

from fetch import ROOT, Missing, program

ANSWERS = ROOT / "web" / "answers"


def write(modules, target):
    """Write `answers.js`, the editor that it loads on demand, and its licences into the folder `target`."""
    target.mkdir(parents=True, exist_ok=True)
    editor, parts = esbuild(modules, ANSWERS / "editor.js", "--format=esm")
    name = stamped("editor", editor)
    replace(target, name, editor)
    (target / "editor-licences.txt").write_text(licences(modules, parts), encoding="utf8")
    # A classic script: modules do not load in a page that was opened as a file.
    script, _ = esbuild(modules, ANSWERS / "answers.js", "--format=iife", f'--define:EDITOR="{name}"')
    (target / "answers.js").write_bytes(script)


def write_figures(modules, sources, target):
    """Write `figures.js`, which holds these figures, and the licences of its parts into the folder `target`.

    One script for all: who has seen one page has it for the others.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        entry = Path(folder, "figures.js")
        entry.write_text("".join(f"import {json.dumps(str(path))};\n" for path in sources), encoding="utf8")
        script, parts = esbuild(modules, entry, "--format=iife")
    (target / "figures.js").write_bytes(script)
    (target / "figures-licences.txt").write_text(licences(modules, parts), encoding="utf8")


def stamped(name, content):
    """A file name that changes with the content, so that what a browser keeps is never old."""
    return f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.js"


def replace(target, name, content):
    """Write a file with such a name, and remove its forerunners."""
    for old in target.glob(re.sub(r"-[0-9a-f]{12}\.js$", "-" + "[0-9a-f]" * 12 + ".js", name)):
        old.unlink()
    (target / name).write_bytes(content)


def esbuild(modules, entry, *options):
    """What a source and all that it imports come to, and the paths of its parts."""
    with tempfile.TemporaryDirectory() as folder:
        made, about = Path(folder, entry.name), Path(folder, "about.json")
        command = [program("node"), modules / "esbuild" / "bin" / "esbuild", entry, "--bundle", "--minify"]
        command += ["--target=es2022", "--charset=utf8", "--loader:.css=text", *options]
        command += [f"--outfile={made}", f"--metafile={about}", "--log-level=error"]
        environment = {"NODE_PATH": str(modules), "PATH": ""}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        if done.returncode:
            raise Missing(f"esbuild: {done.stderr.decode().strip()}")
        return made.read_bytes(), list(json.loads(about.read_text(encoding="utf8"))["inputs"])


def licences(modules, parts):
    """The licences of the packages that parts of a bundle come from, each with the names of its packages."""
    names = {found[1] for path in parts if (found := re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", path))}
    texts = {}
    for name in sorted(names):
        text = next((modules / name).glob("LICENSE*")).read_text(encoding="utf8").strip()
        texts.setdefault(text, []).append(name)
    return "\n\n\n".join(f"{', '.join(names)}\n\n{text}" for text, names in texts.items()) + "\n"
