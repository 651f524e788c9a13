"""The texts that can be an expression at all: a dialect with nothing of SQL but expressions.

It knows no statement, no subquery, no type and no function: a call is a name with arguments, whatever the name.
What names and forms mean is decided in expressions.py.
"""

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp, parser, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from resolvers.trends.hogql.errors import Refusal, quoted

LONGEST_TEXT = 4000
MOST_WORDS = 800
DEEPEST = 24
"""Brackets within brackets."""

_NO_COMMENTS = "Comments are not allowed."
_KEYWORDS = {
    "AND": TokenType.AND,
    "AS": TokenType.ALIAS,
    "BETWEEN": TokenType.BETWEEN,
    "CASE": TokenType.CASE,
    "DISTINCT": TokenType.DISTINCT,
    "ELSE": TokenType.ELSE,
    "END": TokenType.END,
    "FALSE": TokenType.FALSE,
    "ILIKE": TokenType.ILIKE,
    "IN": TokenType.IN,
    "INTERVAL": TokenType.INTERVAL,
    "IS": TokenType.IS,
    "LIKE": TokenType.LIKE,
    "NOT": TokenType.NOT,
    "NULL": TokenType.NULL,
    "OR": TokenType.OR,
    "THEN": TokenType.THEN,
    "TRUE": TokenType.TRUE,
    "WHEN": TokenType.WHEN,
}
_SIGNS = {
    "==": TokenType.EQ,
    "!=": TokenType.NEQ,
    "<>": TokenType.NEQ,
    "<=": TokenType.LTE,
    ">=": TokenType.GTE,
    "||": TokenType.DPIPE,
    "??": TokenType.DQMARK,
}
# Known only to be refused by what they are.
_REFUSED = {
    "SELECT": (TokenType.SELECT, "Subqueries are not allowed."),
    "--": (TokenType.COMMENT, _NO_COMMENTS),
    "/*": (TokenType.COMMENT, _NO_COMMENTS),
    "::": (TokenType.DCOLON, "Convert with a function: toString(), toInt(), toFloat(), toDate() or toDateTime()."),
    "->": (TokenType.ARROW, "Functions as arguments are not allowed."),
}
_HINTS = {
    **dict(_REFUSED.values()),
    TokenType.SEMICOLON: "Write one expression, and nothing else.",
    TokenType.L_BRACE: "Parameters and objects are not allowed.",
    TokenType.PLACEHOLDER: "Write if(condition, then, otherwise).",
}
_ALLOWED = frozenset(
    {
        *_KEYWORDS.values(),
        *_SIGNS.values(),
        *(TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.NUMBER, TokenType.DOT, TokenType.COMMA),
        *(TokenType.L_PAREN, TokenType.R_PAREN, TokenType.L_BRACKET, TokenType.R_BRACKET),
        *(TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH, TokenType.MOD),
        *(TokenType.LT, TokenType.GT),
    }
)
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.END})
_PREFIXES = frozenset({TokenType.NOT, TokenType.DASH, TokenType.INTERVAL})
_NAMES = frozenset({TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING})
_QUOTES = "Texts stand in '...', odd keys in `...`."
_ONE_EXPRESSION = "Write one expression, such as properties.plan or avg(properties.price)."


class _Tokenizer(tokens.Tokenizer):
    IDENTIFIERS: ClassVar = ['"', "`"]
    IDENTIFIER_ESCAPES: ClassVar = ["\\"]
    STRING_ESCAPES: ClassVar = ["'", "\\"]
    VAR_SINGLE_TOKENS: ClassVar = {"$"}
    COMMENTS: ClassVar = []
    KEYWORDS: ClassVar = {**_KEYWORDS, **_SIGNS, **{text: kind for text, (kind, _) in _REFUSED.items()}}


class _Parser(parser.Parser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = {}
    NO_PAREN_FUNCTIONS: ClassVar = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar = {"CASE": parser.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]}
    FUNC_TOKENS: ClassVar = {
        *(TokenType.VAR, TokenType.IDENTIFIER, TokenType.AND, TokenType.OR, TokenType.LIKE, TokenType.ILIKE)
    }
    LAMBDAS: ClassVar = {}
    ARRAY_CONSTRUCTORS: ClassVar = {}
    COLUMN_OPERATORS: ClassVar = {TokenType.DOT: None}
    RANGE_PARSERS: ClassVar = {
        kind: parser.Parser.RANGE_PARSERS[kind]
        for kind in (TokenType.BETWEEN, TokenType.IN, TokenType.IS, TokenType.LIKE, TokenType.ILIKE)
    }
    PRIMARY_PARSERS: ClassVar = {
        TokenType.STRING: parser.Parser.PRIMARY_PARSERS[TokenType.STRING],
        TokenType.NUMBER: parser.Parser.PRIMARY_PARSERS[TokenType.NUMBER],
        TokenType.STAR: lambda self, token: self.expression(exp.Star(), token),
        TokenType.NULL: lambda self, token: self.expression(exp.Null(), token),
        TokenType.TRUE: lambda self, token: self.expression(exp.Boolean(this=True), token),
        TokenType.FALSE: lambda self, token: self.expression(exp.Boolean(this=False), token),
    }

    def _parse_alias(self, this: exp.Expr | None, explicit: bool = False) -> exp.Expr | None:  # noqa: ARG002 - sqlglot's
        # Whatever the caller asks for: without AS, a forgotten operator would read as an alias.
        return super()._parse_alias(this, explicit=True)

    def _parse_interval(self, *args: bool, **options: bool) -> exp.Expr | None:  # type: ignore[override]  # wider
        start = self._curr
        found = super()._parse_interval(*args, **options)
        return found.update_positions(start) if isinstance(found, exp.Interval) else found

    def _parse_function(self, *args: object, **options: object) -> exp.Expr | None:
        call = super()._parse_function(*args, **options)  # type: ignore[arg-type]  # handed through as it came
        if isinstance(call, exp.Anonymous) and self._match(TokenType.L_PAREN):  # quantile(0.9)(x)
            arguments = self._parse_function_args()
            self._match_r_paren()
            return exp.ParameterizedAgg(this=call, expressions=call.expressions, params=arguments)
        return call


class _HogQL(Dialect):
    Tokenizer = _Tokenizer
    Parser = _Parser


def parse(text: str) -> exp.Expr:
    """The tree of a text; an `AS name` at its end is dropped. Raises Refusal."""
    if len(text) > LONGEST_TEXT:
        raise Refusal(f"the expression is longer than {LONGEST_TEXT} characters.", 0)
    try:
        text.encode()
        words = _without_alias(_checked(_HogQL().tokenize(text)))
        trees = _HogQL().parser(error_message_context=LONGEST_TEXT).parse_into(exp.Condition, words, text)
    except UnicodeEncodeError as failure:
        raise Refusal("half of a character stands here.", failure.start) from failure
    except TokenError as failure:
        raise Refusal("a quote is not closed.", len(text), _QUOTES) from failure
    except ParseError as failure:
        raise _misfit(failure) from failure
    except RecursionError as failure:
        raise Refusal("the expression is nested too deeply.", 0) from failure
    if len(trees) != 1 or trees[0] is None:
        raise Refusal("this is not one expression.", words[0].start, _ONE_EXPRESSION)
    return _unwrapped(trees[0])


def _checked(words: Sequence[Token]) -> list[Token]:
    if len(words) > MOST_WORDS:
        raise Refusal(f"the expression has more than {MOST_WORDS} words and signs.", words[MOST_WORDS].start)
    checked = [_after_dot(word, before) for before, word in zip([None, *words], words, strict=False)]
    depth = run = 0
    for word in checked:
        if word.token_type not in _ALLOWED or word.comments:
            hint = _NO_COMMENTS if word.comments else _HINTS.get(word.token_type)
            raise Refusal(f"{quoted(word.text)} is not allowed.", word.start, hint)
        run = run + 1 if word.token_type in _PREFIXES else 0
        depth += (word.token_type in _OPENING) - (word.token_type in _CLOSING)
        if depth + run > DEEPEST:
            raise Refusal(f"the expression is nested deeper than {DEEPEST} levels.", word.start)
    return checked


def _after_dot(word: Token, before: Token | None) -> Token:
    # A keyword after a dot is a key: properties.end.
    is_key = before is not None and before.token_type is TokenType.DOT and word.text.isidentifier()
    if not is_key or word.token_type in _NAMES:
        return word
    return Token(TokenType.VAR, word.text, word.line, word.col, word.start, word.end)


def _without_alias(words: list[Token]) -> list[Token]:
    while len(words) > 2 and words[-2].token_type is TokenType.ALIAS and words[-1].token_type in _NAMES:
        words = words[:-2]
    if not words:
        raise Refusal("the expression is empty.", 0, _ONE_EXPRESSION)
    return words


def _unwrapped(tree: exp.Expr) -> exp.Expr:
    while isinstance(tree, exp.Paren | exp.Alias):
        tree = tree.this
    return tree


def _misfit(failure: ParseError) -> Refusal:
    found = failure.errors[0]
    word, before = str(found["highlight"]), str(found["start_context"])
    return Refusal(f"{quoted(word)} does not fit here, or something is missing after it.", len(before), _QUOTES)
