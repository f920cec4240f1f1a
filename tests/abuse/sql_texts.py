"""Which words reach a statement's text: only our own. bandit's B608 cannot tell a constant from what somebody typed; this can.

In every f-string that is SQL, what is put in must not come from a text parameter of the function, not even by way of a local
variable. The few places where it does are listed with the reason why it is safe; anything new fails.
"""

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SQL = re.compile(
    r"\b(select|insert\s+into|update|delete\s+from|create|drop|alter|grant|copy|lock\s+table)\b[\s\S]*"
    r"\b(from|into|set|table|where|role|database|as|stdin)\b",
    re.IGNORECASE,
)
SAFE = {
    ("evaluation/demo/rows.py", "copying"): "names of our tables and columns, from the demo alone",
    (
        "evaluation/postgres.py",
        "_ensure_database",
    ): "the name of the embedded database, a constant of the caller",
    ("evaluation/queries/imports.py", "part"): "the parameter is a key of a table of column names",
    ("evaluation/queries/replacing.py", "copy_lines"): "names of our tables, from queries alone",
    ("evaluation/queries/standings.py", "_overdue"): "names of our columns, from this module alone",
    (
        "evaluation/services/database_dumps.py",
        "drop_database",
    ): "a name made by the service, quoted as an identifier",
    (
        "evaluation/services/database_dumps.py",
        "make_database",
    ): "a name made by the service, quoted as an identifier",
    (
        "evaluation/services/restores.py",
        "_rename",
    ): "names made by the service, for the owner on the command line",
}


def unexplained() -> list[str]:
    """Every place where a text parameter may reach a statement and nobody said why that is safe."""
    found = []
    for path in sorted((CHECKOUT / "evaluation").rglob("*.py")):
        name = path.relative_to(CHECKOUT).as_posix()
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and (name, function.name) not in SAFE:
                found += [f"{name}:{line} puts {words} into SQL" for line, words in suspicious(function)]
    return found


def suspicious(function: ast.FunctionDef) -> list[tuple[int, str]]:
    """Lines and expressions of one function in which a text parameter reaches a statement."""
    tainted = _tainted(function)
    return [
        (text.lineno, ast.unparse(piece.value))
        for text in ast.walk(function)
        if isinstance(text, ast.JoinedStr) and SQL.search(_literal(text))
        for piece in text.values
        if isinstance(piece, ast.FormattedValue) and _names(piece.value) & tainted
    ]


def _tainted(function: ast.FunctionDef) -> set[str]:
    """Text parameters, and the locals made of them."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    tainted = {
        one.arg
        for one in arguments
        if one.annotation is None or "str" in ast.unparse(one.annotation).split("|")[0]
    } - {"self", "cls"}
    while True:
        more = {
            target.id
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and _names(one.value) & tainted
            for target in one.targets
            if isinstance(target, ast.Name)
        }
        if more <= tainted:
            return tainted
        tainted |= more


def _names(expression: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(expression) if isinstance(one, ast.Name)}


def _literal(text: ast.JoinedStr) -> str:
    return "".join(str(piece.value) for piece in text.values if isinstance(piece, ast.Constant))
