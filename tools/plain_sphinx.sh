#!/bin/sh
# Usage: tools/plain_sphinx.sh VENV FOLDER
# Builds the site in FOLDER/html by Sphinx itself, with the programs in VENV instead of Jupyter Book: the way out of
# Jupyter Book 1, should it ever be needed. On that day the conf.py that is made here stays, and _config.yml goes.
set -eu
venv=$(cd "$1" && pwd)
folder=$2
trap 'rm -f conf.py' EXIT
.venv/bin/jupyter-book config sphinx . >/dev/null

# Four of the extensions that Jupyter Book turns on come with it. What they do (PDF by LaTeX, comments, cells that run
# in the page) the course has no use for.
for extension in jupyter_book sphinx_thebe sphinx_comments sphinx_jupyterbook_latex; do
    grep -q "'$extension', " conf.py || { echo "plain-sphinx: Jupyter Book no longer turns on $extension" >&2; exit 1; }
    sed "s/'$extension', //" conf.py >conf.py.new && mv conf.py.new conf.py
done
sed '/^\(comments_config\|use_jupyterbook_latex\) = /d' conf.py >conf.py.new && mv conf.py.new conf.py

# What has been computed for the book need not be computed again, and what is computed here is not for the book.
mkdir -p "$folder"
rm -rf "$folder/.jupyter_cache"
[ ! -d _build/.jupyter_cache ] || cp -r _build/.jupyter_cache "$folder/.jupyter_cache"

export PATH="$venv/bin:$PATH" PYTHONPATH="tools/book${PYTHONPATH:+:$PYTHONPATH}"
sphinx-build -W -n --keep-going -D nb_execution_cache_path="$(pwd)/$folder/.jupyter_cache" -d "$folder/doctrees" . "$folder/html"
python tools/book/check_site.py "$folder/html"
