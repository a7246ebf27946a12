"""Inside the sandbox: a shell that takes the cells that every Jupyter takes. This file needs Python and IPython alone.

Three things differ from IPython's own shell. A magic that fails (there is no network, no screen, no extension) is noted
and does not end its cell. What needs a package that is not here is left out, and the rest of the cell runs. And where
the notebook gives the names of the task's data the task's values, other data can be put there.
"""

import ast
import importlib
import re
import traceback

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

# Cell magics that say something about the code below them, which is the student's own.
ABOUT_THE_REST = re.compile(r"\A\s*%%(?:time|capture|prun|memit|mprun|lprun)\b[^\n]*\n")


class Shell(InteractiveShell):
    """`failures` holds the errors of magics, and of what was left out, since the last cell began."""

    def __init__(self, **options):
        super().__init__(**options)
        self.failures = []

    def enable_gui(self, gui=None):
        """There is no screen."""

    def enable_matplotlib(self, gui=None):
        """Figures are drawn for nobody, whatever the notebook asks for."""
        return None, "agg"

    def run_line_magic(self, magic_name, line, _stack_depth=1):
        return self._tried(super().run_line_magic, magic_name, line, _stack_depth + 2)  # two more frames up to the cell

    def run_cell_magic(self, magic_name, line, cell):
        return self._tried(super().run_cell_magic, magic_name, line, cell)

    def magic(self, line):
        """As notebooks of long ago call them."""
        name, _, rest = line.lstrip("%").partition(" ")
        return self.run_line_magic(name, rest)

    def _tried(self, magic, *arguments):
        try:
            return magic(*arguments)
        except (Exception, UsageError) as error:
            self.failures.append(error)

    def run(self, code):
        """The error that ended a cell, or None."""
        self.failures.clear()
        importlib.invalidate_caches()  # a cell may import what the one before has written
        code = self.transform_cell(ABOUT_THE_REST.sub("", code))
        absent = set()
        while True:
            result = self.run_cell(code)
            error = result.error_before_exec or result.error_in_exec
            failed = _failed(code, error) if result.error_in_exec is not None else None
            if failed is None or not _needs(failed, error, absent):
                return error
            self.failures.append(error)
            absent |= _binds(failed)
            code = re.sub(r"\A(?:[ \t]*\n)+", "", "".join(code.splitlines(keepends=True)[failed.end_lineno :]))


def _failed(code, error):
    """The statement of a cell in which an error arose; None if it cannot be told."""
    try:
        statements = ast.parse(code).body
    except SyntaxError:
        return None
    steps = traceback.walk_tb(error.__traceback__)
    line = next((line for frame, line in steps if frame.f_code.co_name.startswith(("<module>", "<cell line"))), 0)
    starts = [min([each.lineno, *(d.lineno for d in getattr(each, "decorator_list", ()))]) for each in statements]
    found = [each for each, start in zip(statements, starts, strict=True) if start <= line <= each.end_lineno]
    return found[-1] if found else None


def _needs(statement, error, absent):
    """Did a statement fail because a package is not here?"""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return isinstance(error, ImportError)
    return isinstance(error, NameError) and getattr(error, "name", None) in absent


def _binds(statement):
    """The names that a statement would have defined."""
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        names |= {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    return names


class OtherData(ast.NodeTransformer):
    """Behind every assignment to one of `names`, wherever it stands: `name = PLACE("name", name)`."""

    PLACE = "__other_data__"

    def __init__(self, names):
        self.names = names

    def generic_visit(self, node):
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            if isinstance(statements := getattr(node, field, None), list):
                setattr(
                    node, field, [each for statement in statements for each in (statement, *self._behind(statement))]
                )
        return node

    def _behind(self, statement):
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.With):
            return
        of = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        stored = {
            n.id
            for each in of
            if each
            for n in ast.walk(each)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        if isinstance(statement, ast.AnnAssign) and statement.value is None:
            return
        for name in sorted(stored & self.names):
            text = f"{name} = {self.PLACE}({name!r}, {name})"
            for node in (placed := ast.parse(text).body[0]), *ast.walk(placed):
                ast.copy_location(node, statement)
            yield ast.fix_missing_locations(placed)


def same(value, given):
    """Has a value of the notebook the numbers that the task gives to its name?"""
    import numpy as np

    try:
        one, two = np.asarray(value, dtype=float), np.asarray(given, dtype=float)
        return one.shape == two.shape and bool(np.allclose(one, two, rtol=1e-12, atol=0, equal_nan=True))
    except BaseException:  # anybody's object, which may raise anything when it is looked at
        return False


def like(data, value):
    """Other data in the form in which the notebook keeps its own: a list, a tuple, a column, an array."""
    import numpy as np

    if isinstance(value, list | tuple):
        return type(value)(np.asarray(data).tolist())
    if hasattr(value, "iloc") and getattr(value, "ndim", 0) == 1:
        index = value.index if len(value) == len(data) else None
        return type(value)(data, index=index, name=value.name)
    return data
