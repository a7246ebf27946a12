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
from hblib.grading import report, submission
from hblib.grading.grade import clean

MEMBERS, UNPACKED, DEEP = 500, 200_000_000, 3  # of a student's zip: files, and bytes in all; of zips in zips
CLASS, EXPORTED = 20_000, 4_000_000_000  # of a class's zip: files, and bytes in all
NOTEBOOK = re.compile(r"\.ipynb(?:\.txt|\.json|\.html?|)$", re.IGNORECASE)
PERHAPS = "", ".json", ".txt"  # the endings under which browsers and platforms save a notebook
LISTS = "", ".csv", ".txt", ".md", ".json", ".xlsx", ".ods"  # beside the students' folders: the teacher's own
# Platforms that put all files of a class into one folder: whose a file is, in one or two groups
MOODLE = re.compile(r"(.+?_\d+_assignsubmission_file)_+.+")
CANVAS = re.compile(r"([^\W\d_]+)(?:_late)?(_\d+)_\d{5,}_.+", re.IGNORECASE)  # name, person, hand-in, the file's own


@dataclass(frozen=True)
class Item:
    """A notebook of a student; `exercise` is "" where nothing tells it, `code` where it cannot be read.

    `shown` is its name for people: the path below the student's folder, and in the zips that it was in.
    """

    student: str
    path: Path
    shown: str
    exercise: str = ""
    code: str = ""


@dataclass(frozen=True)
class File:
    """A file as the teacher finds it: of whom, its path below the folder, and what is in it."""

    student: str
    name: str
    found: str


def folder_of(given, unpacked):
    """The class's folder: the one that is given, or a new one with what a learning platform's zip holds."""
    given, unpacked = Path(given), Path(unpacked)
    if given.is_dir() or not given.is_file():
        return given
    try:
        with zipfile.ZipFile(given) as archive:
            if len(archive.infolist()) > CLASS or sum(each.file_size for each in archive.infolist()) > EXPORTED:
                raise ValueError("it is too large; unpack it, and name the folder")
            for member in archive.infolist():
                exported(archive, member, unpacked)
    except Exception as error:  # damaged, encrypted, packed in an unknown way
        raise ValueError(f"{given} cannot be unpacked: {error}") from None
    return unpacked


def exported(archive, member, unpacked):
    """Write what a class's zip holds below a folder, under names that are safe; no two files to the same place."""
    place = unpacked
    for part in PurePosixPath(member.filename.replace("\\", "/")).parts:
        place /= safe(part)
        while place.is_file():  # it came before, in place of this file, or of a folder
            place = place.with_name(f"_{place.name}")
    if member.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    while place.exists():
        place = place.with_name(f"_{place.name}")
    with archive.open(member) as file:
        place.write_bytes(file.read(member.file_size))  # no more than it has said before


def everything(folder, unpacked):
    """(notebooks, files) below a folder: FOLDER/STUDENT/…, or FOLDER/STUDENT.ipynb.

    What is in zips is written below the folder `unpacked`, which must not exist yet. Links are not followed.
    """
    folder, items, files, students, people = Path(folder), [], [], set(), {}
    for above, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        if Path(above) == folder:
            people = identities({*(owner((name, "")) for name in folders), *map(author, names), *map(author, folders)})
            students |= {people[owner((name, ""))] for name in folders} - {""}
        for name in [*(each for each in folders if (Path(above) / each).is_symlink()), *sorted(names)]:
            path = Path(above) / name
            parts = path.relative_to(folder).parts
            student = people[owner(parts)]
            somebody = student or people.get(author(name), "")  # if it is a notebook, it is somebody's
            room, shown = Room(Path(unpacked) / str(len(files))), "/".join(parts[1:] or parts)
            found, more = look(path, somebody, room, shown, hidden(parts))
            student = somebody if more else student
            items += more
            files.append(File(student, clean("/".join(parts)), found))
            students |= {student} - {""}
    return items, files, sorted(students)


def doubt(files, given):
    """What to ask where all notebooks are in one folder or zip that was taken for a student's: is it the class's?

    >>> doubt([File("c", "c/anna/x.ipynb", "a notebook for x"), File("c", "c/ben/y.zip", "a zip: empty")], "given")
    "All notebooks are in 'c', which was taken for one student. If it is the class, name it, not the folder around it."
    """
    paths = [PurePosixPath(file.name) for file in files if file.found.startswith(("a notebook", "a zip: "))]
    tops = {path.parts[0] for path in paths}
    deep = all(len(path.parts) > 2 for path in paths) or (len(paths) == 1 and paths[0].name in tops)
    if len(tops) != 1 or not deep or (len(paths) == 1 and NOTEBOOK.search(paths[0].name)):
        return ""
    what = "unpack the zip and name that folder" if Path(given).is_file() else "name it, not the folder around it"
    return f"All notebooks are in {tops.pop()!r}, which was taken for one student. If it is the class, {what}."


def refuse(error):
    """A folder that cannot be read is not an empty one."""
    raise error


def identities(names):
    """{a name: what it is called for people}; two that differ in invisible letters alone are two people.

    >>> identities({"anna", "an\\xadna"}) == {"": "", "anna": "anna", "an\\xadna": "anna-00bc45"}
    True
    """
    people, taken = {"": ""}, {""}
    for name in sorted(names - {""}, key=lambda each: (clean(each) != each, each)):
        people[name] = clean(name)
        while people[name] in taken:
            people[name] += f"-{report.mark(name)}"
        taken.add(people[name])
    return people


def author(name):
    """Whose a notebook beside the students' folders is, whatever its name."""
    return owner((name,)) or Path(name).stem


def owner(parts):
    """Whose a file is; "" for one beside the students' that none of them wrote.

    >>> owner(("anna", "a", "x.ipynb")), owner(("ben.ipynb.txt",)), owner(("list.csv",))
    ('anna', 'ben', '')
    >>> owner(("Zoë Ö_123_assignsubmission_file_02-easy.ipynb",))
    'Zoë Ö_123_assignsubmission_file'
    >>> owner(("doejane_late_10234_556677_02-easy-1.ipynb",))
    'doejane_10234'
    """
    if len(parts) > 1:
        return "" if hidden(parts[:1]) else parts[0]
    if match := CANVAS.fullmatch(parts[0]) or MOODLE.fullmatch(parts[0]):  # the students' own names may hold Moodle's
        return "".join(match.groups())
    path = Path(parts[0])
    if NOTEBOOK.search(path.name):
        return NOTEBOOK.sub("", path.name)
    return "" if path.name.startswith(".") or path.suffix.lower() in LISTS else path.stem


def hidden(parts):
    """Is a file one that Jupyter or the system keeps for itself?"""
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in parts)


def look(path, student, room, shown, is_hidden=False):
    """(what a file is, the notebooks in it)"""
    if is_hidden:
        return "not read: a hidden file", []
    ending = path.suffix.lower()
    if ending == ".zip":
        return unzipped(path, student, room, shown)
    if not NOTEBOOK.search(path.name) and ending not in PERHAPS:
        return f"not read: no notebook but {ending}", []
    item = Item(student, path, shown)
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
    return f"a notebook for {exercise}", [Item(student, path, shown, exercise, handed_in.code)]


class Room:
    """A folder for what is in a zip, and how much it may still take: one for all the zips in a zip."""

    def __init__(self, folder):
        self.folder, self.deep, self.files, self.bytes = Path(folder), 0, 0, UNPACKED

    def keep(self, name, data):
        """Write a file of this name to a place of its own."""
        place = self.folder / str(self.files) / safe(name)
        self.files += 1
        place.parent.mkdir(parents=True)
        place.write_bytes(data)
        return place


def unzipped(path, student, room, shown):
    """(what a zip is, the notebooks in it)"""
    try:
        archive = zipfile.ZipFile(io.BytesIO(submission.bytes_of(path)))
        members = [each for each in archive.infolist() if not each.is_dir()]
    except (submission.Invalid, zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        return f"a zip that cannot be read: {error}", []
    if room.deep == DEEP:
        return "a zip that is not read: it is in too many others", []
    if room.files + len(members) > MEMBERS:
        return f"a zip that is not read: it holds {len(members)} files, and {MEMBERS} are enough", []
    room.deep += 1
    found_in_each, items = [], []
    for member in members:
        found, more = inside(archive, member, student, room, f"{shown}: {member.filename}")
        found_in_each.append(f"{PurePosixPath(member.filename).name}: {found}")
        items += more
    room.deep -= 1
    return clean("a zip: " + ("; ".join(found_in_each) or "empty")), items


def inside(archive, member, student, room, shown):
    """(what a file in a zip is, the notebooks in it)"""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if hidden(name.parts) or not (NOTEBOOK.search(name.name) or name.suffix.lower() in (*PERHAPS, ".zip")):
        return "not read", []
    if room.bytes < 0:
        return "not read: the zip is too large", []
    try:
        with archive.open(member) as file:
            data = file.read(min(room.bytes, submission.BYTES) + 1)
    except Exception as error:  # encrypted, damaged, packed in an unknown way
        return f"cannot be read ({type(error).__name__})", []
    room.bytes -= len(data)
    if room.bytes < 0:
        return "not read: the zip is too large", []
    try:
        place = room.keep(name.name, data)
    except OSError as error:
        return f"cannot be unpacked: {error.strerror}", []
    return look(place, student, room, shown)


def safe(name):
    """A file name that is one on every system, as near to `name` as can be.

    >>> safe("x/../y.ipynb"), safe("..")
    ('x_.._y.ipynb', '_')
    """
    plain = (
        re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).encode("utf8", "replace")[-report.NAME :].decode("utf8", "ignore")
    )
    return plain if plain.strip(".") else "_"
