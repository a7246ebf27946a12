"""Small wrong changes to a solution, to see whether an exercise's checks notice them.

Signs, powers, axes, off-by-ones, the standard deviation in place of the variance: the slips that people make.
"""

import ast
from collections import Counter

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMPARISONS = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
NAMES = [("var", "std"), ("sum", "mean"), ("max", "min"), ("maximum", "minimum"), ("cdf", "sf"), ("logcdf", "logsf")]
RENAMED = dict(NAMES) | {new: old for old, new in NAMES}


def mutants(source, begin, end):
    """(description, source) for each mutant of the lines between the two marks. Descriptions are unique."""
    lines = source.split("\n")
    first, last = (next(i for i, line in enumerate(lines, 1) if mark in line) for mark in (begin, end))
    tree, seen = ast.parse(source), Counter()
    for parent in list(ast.walk(tree)):
        for slot, node in slots(parent):
            if first < getattr(node, "lineno", 0) < last:
                for new in variants(node):
                    description = f"{ast.unparse(node)} -> {ast.unparse(new)}"
                    seen[description] += 1
                    number = f" ({seen[description]})" if seen[description] > 1 else ""
                    put(parent, slot, new)
                    yield description + number, ast.unparse(ast.fix_missing_locations(tree))
                    put(parent, slot, node)


def variants(node):
    """Nodes that a slip of the pen would write in place of this one."""
    match node:
        case ast.BinOp(op=ast.Pow()):
            yield node.left
        case ast.BinOp() if type(node.op) in OPERATORS:
            yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
        case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
            yield node.operand
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            yield ast.Compare(node.left, [COMPARISONS[type(op)]()], node.comparators)
        case ast.keyword(arg="axis", value=ast.Constant(value=0 | 1 as axis)):
            yield ast.keyword("axis", ast.Constant(1 - axis))
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield ast.Constant(value + 1)
        case ast.Call(func=ast.Attribute(attr="sqrt" | "exp" | "log")) if len(node.args) == 1:
            yield node.args[0]
        case ast.Attribute() if node.attr in RENAMED:
            yield ast.Attribute(node.value, RENAMED[node.attr], node.ctx)


def slots(parent):
    """((field, index or None), child) for each child of a node."""
    for field, value in ast.iter_fields(parent):
        if isinstance(value, ast.AST):
            yield (field, None), value
        elif isinstance(value, list):
            yield from (((field, i), child) for i, child in enumerate(value) if isinstance(child, ast.AST))


def put(parent, slot, node):
    field, index = slot
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node
