"""The blocks of code in the documents: where each stands, its language, and how it is marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/runbooks").glob("*.md")),
]
#: What a block may be written in; `text` is what a program prints.
LANGUAGES = frozenset({"sh", "yaml", "promql", "text", "{toctree}", "{include}"})
#: Why a command is not run to its end here. Its form, flags and targets are checked all the same.
MARKERS = {
    "serves": "it runs until it is stopped; a server of the table in run.py is started and stopped",
    "long": "it takes minutes, or makes an environment",
    "needs-account": "it needs an account somewhere",
    "needs-docker": "it needs Docker",
    "needs-root": "it changes the machine",
}


@dataclass(frozen=True)
class Block:
    """One block of a document; an indented one has no language."""

    page: Path
    line: int
    language: str
    marker: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    for token in MarkdownIt().parse(page.read_text()):
        if token.type in ("fence", "code_block"):
            language, _, marker = token.info.strip().partition(" ")
            line = token.map[0] + 1 if token.map else 0
            yield Block(page, line, language, marker.strip(), token.content)


ALL = [block for page in PAGES for block in blocks(page)]


def of(*languages: str) -> list[Block]:
    """Return all blocks in these languages."""
    return [block for block in ALL if block.language in languages]
