"""Pages that have to run do so side by side, before they are read one after the other.

Most of a build is the running of cells, of which each page has its own kernel. Here they run through MyST-NB's own
client into its cache, where the page is found when its turn comes. One that fails is left for then: it is run once
more, and its error is told as MyST-NB tells it.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from unittest import mock

from jupyter_cache import get_cache
from jupyter_cache.cache.main import JupyterCacheBase
from myst_nb.core.execute import ExecutionError, create_client
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging

import page_code

log = logging.getLogger(__name__)
AT_ONCE = 4  # each takes up to a gigabyte


processors = getattr(os, "process_cpu_count", os.cpu_count)  # before Python 3.13 none tells how many are for us


def setup(app):
    app.connect("env-before-read-docs", run)


def run(app, env, docnames):
    """Run the pages among these that the cache does not know, the longest first: what begins last should end soon."""
    _ = get_cache(env.mystnb_config.execution_cache_path).db  # makes it, which two threads must not do at once
    pages = sorted(map(Path, map(env.doc2path, docnames)), key=lambda path: -path.stat().st_size)
    with kept_one_by_one(), ThreadPoolExecutor(min(AT_ONCE, processors())) as pool:
        list(pool.map(lambda path: run_page(app, env, path), pages))


@contextmanager
def kept_one_by_one():
    """Let no two threads put a result into the cache at once.

    Each time the cache looks for results that are too many, by asking first for those to keep and then for all others;
    one that another thread adds in between would be taken for superfluous, and lost, or not yet there to be removed.
    """
    keep, lock = JupyterCacheBase.cache_notebook_bundle, Lock()

    def keep_alone(*given, **named):
        with lock:
            return keep(*given, **named)

    with mock.patch.object(JupyterCacheBase, "cache_notebook_bundle", keep_alone):
        yield


def run_page(app, env, path):
    text = [path.read_text(encoding="utf8")]
    page_code.sign(app, env.path2doc(str(path)), text)
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text[0])
    if reader is None:
        return
    notebook = reader.read(text[0])
    if is_known(env, notebook):  # the client would load its outputs, which are not needed before its turn
        return
    with (
        suppress(ExecutionError),
        create_client(notebook, str(path), env.mystnb_config, Told(path), reader.read_fmt),
    ):
        pass


def is_known(env, notebook):
    """Whether the cache holds the outputs of these cells."""
    try:
        get_cache(env.mystnb_config.execution_cache_path).match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


class Told:
    """What MyST-NB says of a page that runs, with its name."""

    def __init__(self, path):
        self.path = path

    def info(self, message):
        log.info("%s: %s", self.path, message)

    def warning(self, message, **_):
        log.info("%s: %s", self.path, message.partition("\n")[0])
