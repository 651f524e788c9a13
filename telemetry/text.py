"""Text of clients in log lines and terminals."""


def printable(text: str) -> str:
    """Return the text on one line, with escapes for whatever a terminal would act on instead of showing it.

    That is every control character, line end, invisible character and change of the writing direction: `\\x1b`.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
