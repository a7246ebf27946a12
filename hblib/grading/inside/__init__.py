"""All that runs on the hostile side: copied into the sandbox, where each file is a module of its own.

Nothing here imports hblib, of which no more is inside than the exercise uses. All of it may be patched by the notebook
that runs beside it: then the answers are wrong, and that is all. `coursework/calling.py` and `coursework/forms.py`,
which the checks in the notebook use as well, are copied beside these files.
"""
