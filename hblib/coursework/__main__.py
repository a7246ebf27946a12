"""`python -m hblib.coursework`: write the students' notebooks anew."""

from hblib.coursework import notebooks, source

target = source.folder().parent / "exercises"
changed = notebooks.write_all(target)
print(f"{len(source.names())} exercises in {target}; changed: {', '.join(path.name for path in changed) or 'none'}")
