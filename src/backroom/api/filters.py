"""The grammar of the `filter` parameter.

::

    filter     = condition *("," condition) | "and(" filter ")"
    condition  = operator "(" field "," value ")"
    value      = string | "[" value *("," value) "]" | true | false | number | null
    string     = '"' … '"' | "'" … "'"      with the escapes of JSON

Spaces between parts are allowed. A comma between conditions means "and" (observed).

A filter is read in two steps. `_tokens` cuts the text into marks, words and quoted texts, by one
regular expression. `_Parser` then takes one token after the other, with one method for each rule of
the grammar. A rule never looks further than the next token, and never goes back: so the time is in
proportion to the length of the text. Only `and(…)` nests, and only to a limit, which is far below
the depth at which Python gives up.

Most long filters are one list of ids in double quotes. `_tokens` first lets the JSON decoder read
what stands from the first `["` to the last `]`, and cuts only the rest. That is safe. Where the
text before it is cut into whole tokens, `["` is no part of a string; and where it is a JSON list of
strings, it ends where the grammar ends it. In all other cases the whole text is cut, and a list is
read token by token with the same result.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from backroom.errors import InvalidParameter

PARAMETER = "filter"
_MOST_NESTED = 20


class Condition(NamedTuple):
    """One comparison, as `equals(status,"complete")`."""

    operator: str
    field: str
    value: Any


_FILTER_TOKEN = re.compile(
    r"""\s*(?:
      (?P<mark>[(),\[\]])
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | '(?P<single>(?:[^'\\]|\\.)*)'
    | (?P<word>[^\s(),\[\]"']+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED_CHARACTER = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Text(str):
    """A quoted string, as `_tokens` gives it. A bare word or a mark is a plain `str`."""

    __slots__ = ()


_Token = str | list[str]
"""A mark, a bare word, a `_Text`, or a whole list of strings."""


def parse_filter(text: str) -> list[Condition]:
    """Give the conditions of a filter, all of which must hold.

    Raises `InvalidParameter` (text observed) if the text does not follow the grammar.
    """
    parser = _Parser(_tokens(text))
    conditions = parser.conditions(_MOST_NESTED)
    if parser.tokens:
        raise _invalid()
    return conditions


def _invalid() -> InvalidParameter:
    return InvalidParameter("Invalid filter provided", PARAMETER)


def _tokens(text: str) -> list[_Token]:
    """Cut a filter into tokens, in reverse order, so that `pop` gives the next one."""
    start, end = text.find('["'), text.rfind("]") + 1
    if 0 <= start < end:
        try:
            texts = _decode_texts(text[start:end])
            return [*_plain_tokens(text[end:]), texts, *_plain_tokens(text[:start])]
        except (msgspec.MsgspecError, InvalidParameter):
            pass
    return _plain_tokens(text)


_decode_texts = msgspec.json.Decoder(list[str]).decode


def _plain_tokens(text: str) -> list[_Token]:
    """Cut a text as `_tokens` does, without lists."""
    tokens: list[_Token] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _FILTER_TOKEN.match(text, place)
        if match is None:
            raise _invalid()
        quoted = match["double"] if match["double"] is not None else match["single"]
        if quoted is not None:
            tokens.append(_Text(_unescaped(quoted)))
        else:
            tokens.append(match["mark"] or match["word"])
        place = match.end()
    tokens.reverse()
    return tokens


def _unescaped(quoted: str) -> str:
    """Read the text between quotes. Its escapes are those of JSON, as official SDKs write them."""

    def read(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPES.get(escape, escape)

    if "\\" not in quoted:
        return quoted
    text = _ESCAPED_CHARACTER.sub(read, quoted)
    # A character beyond the basic plane comes as two escapes, a pair of surrogates. Encoding the
    # pair and decoding it again makes one character of it. Half a pair is no character.
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _invalid() from None


def _is_mark(token: _Token, mark: str) -> bool:
    return token == mark and not isinstance(token, _Text)


class _Parser:
    """Takes tokens from the end of a list. Each method reads one rule, and raises if it can't."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens

    def conditions(self, depth: int) -> list[Condition]:
        found = self._condition(depth)
        while self.tokens and _is_mark(self.tokens[-1], ","):
            self.tokens.pop()
            found += self._condition(depth)
        return found

    def _condition(self, depth: int) -> list[Condition]:
        operator = self._word()
        self._mark("(")
        if operator == "and":
            if depth == 0:
                raise _invalid()
            found = self.conditions(depth - 1)
            self._mark(")")
            return found
        field = self._word()
        self._mark(",")
        value = self._value()
        self._mark(")")
        return [Condition(operator, field, value)]

    def _value(self) -> Any:
        token = self._next()
        if isinstance(token, list):
            return token
        if _is_mark(token, "["):
            return self._values()
        if isinstance(token, _Text):
            return str(token)
        return _unquoted(token)

    def _values(self) -> list[Any]:
        values: list[Any] = []
        while True:
            token = self._next()
            values.append(str(token) if isinstance(token, _Text) else _unquoted(token))
            mark = self._next()
            if _is_mark(mark, "]"):
                return values
            if not _is_mark(mark, ","):
                raise _invalid()

    def _next(self) -> _Token:
        if not self.tokens:
            raise _invalid()
        return self.tokens.pop()

    def _word(self) -> str:
        token = self._next()
        if isinstance(token, (_Text, list)) or token in "(),[]":
            raise _invalid()
        return token

    def _mark(self, mark: str) -> None:
        if not _is_mark(self._next(), mark):
            raise _invalid()


_LITERAL_WORDS = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def _unquoted(word: _Token) -> Any:
    """Give the value of an unquoted word."""
    if isinstance(word, list):
        raise _invalid()
    if word in _LITERAL_WORDS:
        return _LITERAL_WORDS[word]
    if _NUMBER.fullmatch(word):
        return float(word) if "." in word else int(word)
    raise _invalid()
