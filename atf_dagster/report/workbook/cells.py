"""Makes text safe for a cell: it is shown as it is, and nothing in it is run, followed or read as markup.

Belongs here: what gptables and XlsxWriter would do to a text. Does not belong here: words (`words`).
"""

import re
from typing import Any

LONGEST = 32_767
"""Characters that a cell holds; XlsxWriter silently drops a longer text."""
CUT = " ... (cut here: the cell is full; the release's files have the whole text)"

LINK = re.compile(r"\[.+\]\(.+\)")
"""What gptables makes a link of."""
WORDLESS = re.compile(r"[^a-zA-Z0-9]*")
"""What gptables refuses as a cell of signs only, also where it is in another alphabet."""


def safe(text: str) -> str:
    """The text as a cell may have it.

    XlsxWriter writes what is between `<r>` and `</r>` into the file as it is; a space before it makes it text.
    """
    if text.startswith("<r>"):
        text = f" {text}"
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def in_table(value: Any, format_list: type) -> Any:
    """A value for a cell of a gptables table.

    value: None, text or a number. format_list: gptables' class of rich text, which it looks for neither links nor signs
    in; a text that it would make a link of, or refuse, is given to it as one.
    """
    if not isinstance(value, str):
        return value
    text = safe(value)
    if not text.strip():
        return None
    return format_list([{}, text]) if LINK.search(text) or WORDLESS.fullmatch(text) else text


def in_heading(text: str) -> list[Any]:
    """A text from the release for a title or a line of the cover: `$$` would be a reference to a note."""
    return [{}, safe(text.replace("$$", "$ $"))]
