"""Bundles the front-end of answers in the page, from web/answers/ and npm's packages: `answers.js` and the editor."""

import hashlib
import subprocess
from pathlib import Path

from fetch import ROOT, Missing, program

SOURCES = ROOT / "web" / "answers"


def write(modules, target):
    """Write `answers.js` and the editor's file, which it loads on demand, into the folder `target`."""
    target.mkdir(parents=True, exist_ok=True)
    editor = esbuild(modules, "editor.js", "--format=esm")
    name = f"editor-{hashlib.sha256(editor).hexdigest()[:12]}.js"
    for old in target.glob("editor-*.js"):
        old.unlink()
    (target / name).write_bytes(editor)
    # A classic script: modules do not load in a page that was opened as a file.
    (target / "answers.js").write_bytes(esbuild(modules, "answers.js", "--format=iife", f'--define:EDITOR="{name}"'))


def esbuild(modules, entry, *options):
    """What a source and all that it imports come to."""
    command = [program("node"), modules / "esbuild" / "bin" / "esbuild", SOURCES / entry, "--bundle", "--minify"]
    command += ["--target=es2022", "--charset=utf8", "--loader:.css=text", "--legal-comments=inline", *options]
    environment = {"NODE_PATH": str(modules), "PATH": ""}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise Missing(f"esbuild: {done.stderr.decode()}")
    return done.stdout


if __name__ == "__main__":
    import sys

    from fetch import modules

    write(modules(), Path(sys.argv[1]))
