"""What a class has handed in: every file, also those in zips, whose it is, and what was found in it.

Names, sizes and numbers of files are as hostile as what is in them: nothing is followed, nothing is written under a
name that somebody else has chosen, and whatever is read is bounded.
"""

import io
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hblib.coursework import source
from hblib.grading import submission

MEMBERS, UNPACKED = 500, 200_000_000  # of a zip: files, and bytes in all
NOTEBOOK = re.compile(r"\.ipynb(?:\.txt|\.json|\.html?|)$", re.IGNORECASE)
PERHAPS = "", ".json", ".txt"  # the endings under which browsers and platforms save a notebook
LISTS = "", ".csv", ".txt", ".md", ".json", ".xlsx", ".ods"  # beside the students' folders: the teacher's own
MOODLE = re.compile(r"^(.+_\d+_assignsubmission_file)_+(.+)$")  # all files of a class in one folder


@dataclass(frozen=True)
class Item:
    """A notebook of a student; `exercise` is "" where nothing tells it, `code` where it cannot be read."""

    student: str
    path: Path
    exercise: str
    code: str = ""
    within: str = ""  # the zip that it was in

    @property
    def shown(self):
        """Its name for people."""
        return f"{self.within}: {self.path.name}" if self.within else self.path.name


@dataclass(frozen=True)
class File:
    """A file as the teacher finds it: of whom, its path below the folder, and what is in it."""

    student: str
    name: str
    found: str


def everything(folder, unpacked):
    """(notebooks, files) below a folder: FOLDER/STUDENT/…, or FOLDER/STUDENT.ipynb.

    What is in zips is written below the folder `unpacked`, which must not exist yet. Links are not followed.
    """
    folder, items, files, students = Path(folder), [], [], set()
    for above, folders, names in os.walk(folder):
        folders.sort()
        if Path(above) == folder:
            students |= {clean(name) for name in folders if not name.startswith(".")}
        for name in [*(each for each in folders if (Path(above) / each).is_symlink()), *sorted(names)]:
            path = Path(above) / name
            parts = path.relative_to(folder).parts
            student = owner(parts)
            author = student or clean(path.stem)  # if it is a notebook, it is somebody's
            found, more = look(path, author, Path(unpacked) / str(len(files)), hidden(parts))
            student = author if more else student
            items += more
            files.append(File(student, clean("/".join(parts)), found))
            students |= {student} - {""}
    return items, files, sorted(students)


def owner(parts):
    """Whose a file is; "" for one beside the students' that none of them wrote.

    >>> owner(("anna", "a", "x.ipynb")), owner(("ben.ipynb.txt",)), owner(("list.csv",))
    ('anna', 'ben', '')
    >>> owner(("Zoë Ö_123_assignsubmission_file_02-easy.ipynb",))
    'Zoë Ö_123_assignsubmission_file'
    """
    if len(parts) > 1:
        return "" if parts[0].startswith(".") else clean(parts[0])
    if match := MOODLE.match(parts[0]):
        return clean(match[1])
    path = Path(parts[0])
    if NOTEBOOK.search(path.name):
        return clean(NOTEBOOK.sub("", path.name))
    return "" if path.name.startswith(".") or path.suffix.lower() in LISTS else clean(path.stem)


def hidden(parts):
    """Is a file one that Jupyter or the system keeps for itself?"""
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in parts)


def look(path, student, unpacked, is_hidden=False, within=""):
    """(what a file is, the notebooks in it)"""
    if is_hidden:
        return "not read: a hidden file", []
    ending = path.suffix.lower()
    if ending == ".zip" and not within:
        return unzipped(path, student, unpacked)
    if not NOTEBOOK.search(path.name) and ending not in PERHAPS:
        return f"not read: no notebook but {ending}", []
    item = Item(student, path, "", "", within)
    try:
        handed_in = submission.read(path)
    except submission.Invalid as invalid:
        if NOTEBOOK.search(path.name) and not path.name.lower().endswith(("html", "htm")):
            return f"a notebook that cannot be graded: {invalid}", [item]
        return f"not read: {invalid}", []
    try:
        exercise = submission.exercise_of(handed_in, source.names())
    except submission.Invalid as invalid:
        return f"a notebook that cannot be graded: {invalid}", [item]
    return f"a notebook for {exercise}", [Item(student, path, exercise, handed_in.code, within)]


def unzipped(path, student, unpacked):
    """(what a zip is, the notebooks in it)"""
    try:
        archive = zipfile.ZipFile(io.BytesIO(submission.bytes_of(path)))
        members = [each for each in archive.infolist() if not each.is_dir()]
    except (submission.Invalid, zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        return f"a zip that cannot be read: {error}", []
    if len(members) > MEMBERS:
        return f"a zip that is not read: it holds {len(members)} files, and {MEMBERS} are enough", []
    told, items, left = [], [], UNPACKED
    for number, member in enumerate(members):
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if hidden(name.parts) or not (NOTEBOOK.search(name.name) or name.suffix.lower() in PERHAPS):
            told.append(f"{name.name}: not read")
            continue
        try:
            with archive.open(member) as file:
                data = file.read(min(left, submission.BYTES) + 1)
        except Exception as error:  # encrypted, damaged, packed in an unknown way
            told.append(f"{name.name}: cannot be read ({type(error).__name__})")
            continue
        left -= len(data)
        if left < 0:
            told.append("the rest is not read: it is too large")
            break
        place = unpacked / str(number) / safe(name.name)
        place.parent.mkdir(parents=True)
        place.write_bytes(data)
        found, more = look(place, student, unpacked, within=clean(path.name))
        told.append(f"{name.name}: {found}")
        items += more
    return clean("a zip: " + ("; ".join(told) or "empty")), items


def safe(name):
    """A file name that is one on every system, as near to `name` as can be.

    >>> safe("x/../y.ipynb"), safe("..")
    ('x_.._y.ipynb', '_')
    """
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name)[-150:].encode("utf8", "replace").decode("utf8")
    return plain if plain.strip(".") else "_"


def clean(text):
    from hblib.grading.grade import clean

    return clean(text)
