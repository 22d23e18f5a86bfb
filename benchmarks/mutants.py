"""Measures whether the tests notice a change of the code: python -m benchmarks.mutants [--only triage] [--sample 60].

A mutant is the project with one small change: a number, a comparison, an operator, a returned value, a statement, or a
string that is compared or looked up. The tests of its package run on a copy, cheapest first, until one fails; then the
mutant is killed. Those that survive are printed: each is a value or a branch that no test holds. Left out is what a
test cannot see: annotations, docstrings, messages of errors, `__all__`, the arguments of `dataclass`, and `strict`.
Source: J. Jia and M. Harman, "An Analysis and Survey of the Development of Mutation Testing", IEEE TSE 37, 2011.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

from tqdm import tqdm

Stages = Sequence[Sequence[str]]
"""Arguments of pytest, one list for each run, the cheapest run first."""

SUITES: Final[Mapping[str, Stages]] = {
    "answering": (("tests/answering",), ("tests/test_bot.py",), ("tests/test_command_line.py",)),
    "indexing": (("tests/indexing",), ("tests/answering",), ("tests/test_bot.py",)),
    "triage": (
        ("tests/triage", "--ignore=tests/triage/test_triage.py"),
        ("tests/triage/test_triage.py",),
        ("tests/test_bot.py",),
    ),
}
"""The packages of `chatbot` that are mutated, and the tests of each."""

_FLOOR: Final = 0.90  # share of the mutants that must be killed
_TIMEOUT: Final = 5  # times as long as without a change that a run may take
_SLACK: Final = 60.0  # seconds that it may take beside that

_COMPARISONS: Final[Mapping[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
_ARITHMETIC: Final[Mapping[type[ast.operator], tuple[str, str]]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}
_EMPTY: Final = {
    "bool": "False",
    "int": "0",
    "float": "0.0",
    "str": '""',
    "bytes": 'b""',
    "list": "[]",
    "dict": "{}",
    "Mapping": "{}",
    "set": "set()",
    "frozenset": "frozenset()",
    "Sequence": "()",
    "Iterable": "()",
    "Iterator": "iter(())",
}
"""The empty value of a type, by its name."""

_LOOKUPS: Final = {"endswith", "get", "pop", "removeprefix", "removesuffix", "setdefault", "startswith"}
"""Methods whose first argument is compared or looked up."""

Edit = tuple[int, int, str]
"""A stretch of a source, in bytes, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a file: the stretch of bytes that it replaces, and the lines it touches before and after it."""

    path: str
    line: int
    edit: Edit
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before} -> {self.after}"

    @property
    def package(self) -> str:
        """Return the package of `chatbot` that the file belongs to."""
        return Path(self.path).parts[1]

    def apply(self, source: bytes) -> bytes:
        """Return the file's source with the change."""
        start, end, text = self.edit
        return source[:start] + text.encode() + source[end:]


class _Finder(ast.NodeVisitor):
    """Collects the edits of one source, in the order of the syntax tree."""

    def __init__(self, source: bytes) -> None:
        self.edits: list[Edit] = []
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._returns: list[ast.expr | None] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Visit all of a function but its annotations."""
        for child in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(child)
        self._returns.append(node.returns)
        for statement in node.body:
            self.visit(statement)
        self._returns.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Visit the value alone."""
        if node.value:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Leave out `__all__`."""
        if "__all__" not in [target.id for target in node.targets if isinstance(target, ast.Name)]:
            self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        """Leave out what only a type checker reads."""
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Leave out what an error says."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave out formatted text, whose parts have no places before Python 3.12."""

    def visit_keyword(self, node: ast.keyword) -> None:
        """Leave out `strict`, which only a fault elsewhere would need."""
        if node.arg != "strict":
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Change what is looked up; leave out `dataclass`."""
        if isinstance(node.func, ast.Name) and node.func.id == "dataclass":
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKUPS:
            self._strings(node.args[:1])
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Change a key."""
        if not (isinstance(node.value, ast.Name) and node.value.id == "Literal"):
            self._strings([node.slice])
            self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        """Change the keys, which something looks up."""
        self._strings([key for key in node.keys if key])
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Change each comparison, and the strings in it."""
        sides = [node.left, *node.comparators]
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            self._operator(left, right, *_COMPARISONS[type(operator)])
        for side in sides:
            self._strings(side.elts if isinstance(side, ast.Set | ast.Tuple | ast.List) else [side])
        self.generic_visit(node)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        """Change what a case is compared with."""
        self._strings([node.value])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Swap `and` and `or`."""
        names = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._operator(left, right, *names)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Swap an operator with one of the same precedence; leave out what joins paths and texts."""
        names = _ARITHMETIC.get(type(node.op))
        if names and not _is_text(node.left) and not _is_text(node.right):
            self._operator(node.left, node.right, *names)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Drop the statement."""
        self._replace(node, "pass")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Drop `not`."""
        if isinstance(node.op, ast.Not):
            start, end = self._span(node)
            self.edits.append((start, end, self._source[start:end].decode().removeprefix("not").lstrip()))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Flip a truth value, raise a whole number by one, halve and double another one."""
        value = node.value
        if isinstance(value, bool):
            self._replace(node, repr(not value))
        elif isinstance(value, int):
            self._replace(node, repr(value + 1))
        elif isinstance(value, float):
            for other in (value / 2, value * 2) if value else (1.0,):
                self._replace(node, repr(other))

    def visit_Return(self, node: ast.Return) -> None:
        """Return nothing, where the annotation allows that."""
        if node.value:
            for empty in _empty(self._returns[-1]):
                if ast.unparse(node.value) != ast.unparse(ast.parse(empty, mode="eval")):
                    self._replace(node.value, empty)
            self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Drop a statement that is no docstring; a function that yields stays one."""
        if isinstance(node.value, ast.Constant):
            return
        self._replace(node, "yield from ()" if isinstance(node.value, ast.Yield | ast.YieldFrom) else "pass")
        self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        """Drop the statement."""
        self._replace(node, "pass")

    def visit_Continue(self, node: ast.Continue) -> None:
        """Drop the statement."""
        self._replace(node, "pass")

    def _strings(self, nodes: Sequence[ast.expr]) -> None:
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._replace(node, repr(f"XX{node.value}"))

    def _operator(self, left: ast.expr, right: ast.expr, old: str, new: str) -> None:
        """Change the operator between two operands, which has no place of its own in the tree."""
        start, end = self._span(left)[1], self._span(right)[0]
        at = self._source.find(old.encode(), start, end)
        if at >= 0:
            self.edits.append((at, at + len(old), new))

    def _replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        self.edits.append((*self._span(node), text))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        line, column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._lines[node.lineno - 1] + node.col_offset, self._lines[line - 1] + column


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _empty(annotation: ast.expr | None) -> Iterator[str]:
    """Yield the empty values that an annotation allows."""
    if isinstance(annotation, ast.BinOp):
        yield from _empty(annotation.left)
        yield from _empty(annotation.right)
    elif isinstance(annotation, ast.Constant) and annotation.value is None:
        yield "None"
    elif isinstance(annotation, ast.Subscript):
        if ast.unparse(annotation.value) == "tuple":
            yield from ["()"] if "..." in ast.unparse(annotation.slice) else []
        else:
            yield from _empty(annotation.value)
    elif isinstance(annotation, ast.Name) and annotation.id in _EMPTY:
        yield _EMPTY[annotation.id]


def find_mutants(path: str, source: bytes) -> list[Mutant]:
    """Return the mutants of one file, in the order of its lines."""
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    found = []
    for start, end, text in sorted(set(finder.edits)):
        first, last = source.rfind(b"\n", 0, start) + 1, (source + b"\n").find(b"\n", end)
        before, head, tail = source[first:last], source[first:start], source[end:last]
        lines = [" ".join(code.decode().split()) for code in (before, head + text.encode() + tail)]
        found.append(Mutant(path, source.count(b"\n", 0, start) + 1, (start, end, text), lines[0], lines[1]))
    return found


def sample_mutants(mutants: Sequence[Mutant], size: int, seed: int) -> list[Mutant]:
    """Return a random sample to which each file gives its share, by largest remainder."""
    if size >= len(mutants):
        return list(mutants)
    files: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        files.setdefault(mutant.path, []).append(mutant)
    exact = {path: size * len(own) / len(mutants) for path, own in files.items()}
    shares = {path: int(share) for path, share in exact.items()}
    by_remainder = sorted(exact, key=lambda path: (shares[path] - exact[path], path))
    for path in by_remainder[: size - sum(shares.values())]:
        shares[path] += 1
    drawn = [random.Random(f"{seed} {path}").sample(own, shares[path]) for path, own in files.items()]
    return sorted((mutant for own in drawn for mutant in own), key=lambda mutant: (mutant.path, mutant.edit))


class Workplace:
    """A copy of the project in which the tests run, with the change of one mutant at a time."""

    def __init__(self, root: Path, folder: Path, slack: float) -> None:
        """Copy the files that git tracks or would track; exit where Python would import another `chatbot`."""
        self._folder = folder
        self._slack = slack
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
        for name in sorted(filter(None, names)):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        self._environ = os.environ | {"PYTHONPATH": str(folder)}
        self._environ.setdefault("OMP_NUM_THREADS", "1")  # the workers are what runs at once
        imported = self._python("-c", "import chatbot; print(chatbot.__file__)").stdout.strip()
        if not Path(imported).is_relative_to(folder):
            raise SystemExit(f"The tests would import {imported}, not the copy in {folder}.")

    def seconds(self, stages: Stages) -> list[float]:
        """Return the time that each run takes without a change; exit where one fails."""
        taken = []
        for stage in tqdm(stages, desc="Without a change", unit="run"):
            start = time.monotonic()
            done = self._python(*self._pytest(stage))
            if done.returncode:
                raise SystemExit(f"The tests fail without a change:\n{done.stdout}{done.stderr}")
            taken.append(time.monotonic() - start)
        return taken

    def kills(self, mutant: Mutant, stages: Stages, seconds: Sequence[float]) -> bool:
        """Return whether the tests fail, or run for too long, with a mutant's change."""
        path = self._folder / mutant.path
        source = path.read_bytes()
        try:
            self._write(path, mutant.apply(source))
            return any(
                self._fails(stage, self._slack + _TIMEOUT * usual) for stage, usual in zip(stages, seconds, strict=True)
            )
        finally:
            self._write(path, source)

    def _fails(self, stage: Sequence[str], limit: float) -> bool:
        try:
            return bool(self._python(*self._pytest(stage), limit=limit, quiet=True).returncode)
        except subprocess.TimeoutExpired:
            return True

    @staticmethod
    def _pytest(stage: Sequence[str]) -> list[str]:
        return ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *stage]

    def _python(
        self, *arguments: str, limit: float | None = None, quiet: bool = False
    ) -> subprocess.CompletedProcess[str]:
        out = subprocess.DEVNULL if quiet else subprocess.PIPE
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self._folder, env=self._environ, check=False, timeout=limit, stdout=out, stderr=out, text=True
        )

    @staticmethod
    def _write(path: Path, source: bytes) -> None:
        """Write a module and drop what Python compiled, which a change within a second and of no length would leave."""
        path.write_bytes(source)
        with suppress(FileNotFoundError):
            Path(cache_from_source(str(path))).unlink()


def measure(
    root: Path, mutants: Sequence[Mutant], suites: Mapping[str, Stages], workers: int, slack: float
) -> list[bool]:
    """Return of each mutant whether the tests of its package kill it."""
    with TemporaryDirectory(prefix="mutants-") as folder:
        places = SimpleQueue[Workplace]()
        copies = [Workplace(root, Path(folder).resolve() / str(number), slack) for number in range(workers)]
        seconds = {
            package: copies[0].seconds(suites[package]) for package in sorted({mutant.package for mutant in mutants})
        }
        for copy in copies:
            places.put(copy)

        def judge(mutant: Mutant) -> bool:
            place = places.get()
            try:
                return place.kills(mutant, suites[mutant.package], seconds[mutant.package])
            finally:
                places.put(place)

        with ThreadPoolExecutor(workers) as pool:
            return list(tqdm(pool.map(judge, mutants), total=len(mutants), desc="Mutants", unit="mutant"))


def report(mutants: Sequence[Mutant], killed: Sequence[bool]) -> str:
    """Return how many mutants were killed, in all and by package, and those that survived."""
    lines = [f"{sum(killed)} of {len(killed)} mutants killed ({sum(killed) / max(len(killed), 1):.1%})"]
    for package in sorted({mutant.package for mutant in mutants}):
        own = [dead for mutant, dead in zip(mutants, killed, strict=True) if mutant.package == package]
        lines.append(f"  {package}: {sum(own)} of {len(own)} ({sum(own) / len(own):.1%})")
    for mutant, dead in zip(mutants, killed, strict=True):
        if not dead:
            lines.append(str(mutant))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None, suites: Mapping[str, Stages] = SUITES) -> int:
    """Print the report; return 1 where too few mutants are killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project")
    parser.add_argument("--only", choices=sorted(suites), action="append", help="package; may be given more than once")
    parser.add_argument("--sample", type=int, default=sys.maxsize, help="mutants at most; all where it is left out")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws another sample")
    parser.add_argument("--workers", type=int, default=1, help="copies of the project that are tested at once")
    parser.add_argument("--slack", type=float, default=_SLACK, help="seconds that a run may take beyond the usual")
    parser.add_argument("--floor", type=float, default=_FLOOR, help="share of the mutants that must be killed")
    parser.add_argument("--list", action="store_true", help="print the mutants and test nothing")
    options = parser.parse_args(arguments)
    paths = [
        path for package in options.only or sorted(suites) for path in options.root.glob(f"chatbot/{package}/**/*.py")
    ]
    found = [
        mutant
        for path in sorted(paths)
        for mutant in find_mutants(path.relative_to(options.root).as_posix(), path.read_bytes())
    ]
    drawn = sample_mutants(found, options.sample, options.seed)
    if options.list:
        print("\n".join(str(mutant) for mutant in drawn))
        return 0
    killed = measure(options.root, drawn, suites, options.workers, options.slack)
    print(report(drawn, killed))
    return int(sum(killed) < options.floor * len(killed))


if __name__ == "__main__":
    sys.exit(main())
