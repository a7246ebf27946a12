"""Where the course is published: its public repository, and the address of its site."""

import os
import re
import shutil
import subprocess

import ledger


def repository():
    """The address of the public repository, or None if it has none: from the environment, or from git's `origin`."""
    address = os.environ.get("BOOK_REPOSITORY", "")
    if not address and "GITHUB_REPOSITORY" in os.environ:
        address = f"https://github.com/{os.environ['GITHUB_REPOSITORY']}"
    own = (ledger.ROOT / ".git").exists()  # otherwise git would answer for a repository around the course
    if not address and own and shutil.which("git"):
        command = ["git", "-C", str(ledger.ROOT), "remote", "get-url", "origin"]
        address = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    found = re.search(r"github\.com[:/]([\w.-]+)/([\w.-]+?)(\.git)?/?$", address)
    return f"https://github.com/{found[1]}/{found[2]}" if found else None


def site():
    """The address of the site, or None: from the environment, or where GitHub Pages serves the repository."""
    if address := os.environ.get("BOOK_ADDRESS", ""):
        return address.rstrip("/") + "/"
    home = repository()
    if home is None:
        return None
    owner, name = home.split("/")[-2:]
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"
