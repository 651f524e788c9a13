"""The syntax of expressions: a sqlglot dialect without statements, subqueries, types and functions.

A call is any name with arguments; translate.py decides what names and forms mean.
"""

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp, parser, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from resolvers.trends.hogql.errors import HogQLError, quoted

LONGEST_TEXT = 4000
MOST_TOKENS = 800
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
# Tokens only so that the errors can name them.
_FORBIDDEN = {
    "SELECT": (TokenType.SELECT, "Subqueries are not allowed."),
    "--": (TokenType.COMMENT, _NO_COMMENTS),
    "/*": (TokenType.COMMENT, _NO_COMMENTS),
    "::": (TokenType.DCOLON, "Convert with a function: toString(), toInt(), toFloat(), toDate() or toDateTime()."),
    "->": (TokenType.ARROW, "Functions as arguments are not allowed."),
}
_HINTS = {
    **dict(_FORBIDDEN.values()),
    TokenType.SEMICOLON: "Write a single expression.",
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
_QUOTES = "Write strings as '...' and keys with special characters as `...`."
_ONE_EXPRESSION = "Write a single expression, such as properties.plan or avg(properties.price)."


class _Tokenizer(tokens.Tokenizer):
    IDENTIFIERS: ClassVar = ['"', "`"]
    IDENTIFIER_ESCAPES: ClassVar = ["\\"]
    STRING_ESCAPES: ClassVar = ["'", "\\"]
    VAR_SINGLE_TOKENS: ClassVar = {"$"}
    COMMENTS: ClassVar = []
    KEYWORDS: ClassVar = {**_KEYWORDS, **_SIGNS, **{text: kind for text, (kind, _) in _FORBIDDEN.items()}}


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
        # Never without AS: a forgotten operator would become an alias.
        return super()._parse_alias(this, explicit=True)

    def _parse_interval(self, *args: bool, **options: bool) -> exp.Expr | None:  # type: ignore[override]  # wider
        start = self._curr
        found = super()._parse_interval(*args, **options)
        return found.update_positions(start) if isinstance(found, exp.Interval) else found

    def _parse_function(self, *args: object, **options: object) -> exp.Expr | None:
        call = super()._parse_function(*args, **options)  # type: ignore[arg-type]  # passed through
        if isinstance(call, exp.Anonymous) and self._match(TokenType.L_PAREN):  # quantile(0.9)(x)
            arguments = self._parse_function_args()
            self._match_r_paren()
            return exp.ParameterizedAgg(this=call, expressions=call.expressions, params=arguments)
        return call


class _HogQL(Dialect):
    Tokenizer = _Tokenizer
    Parser = _Parser


def parse(text: str) -> exp.Expr:
    """Parse an expression; an `AS name` at its end is dropped. Raises HogQLError."""
    if len(text) > LONGEST_TEXT:
        raise HogQLError(
            "the expression has {count:,} characters; the limit is {limit:,}.",
            0,
            count=len(text),
            limit=LONGEST_TEXT,
        )
    try:
        text.encode()
        tokens_ = _without_alias(_checked(_HogQL().tokenize(text)))
        trees = _HogQL().parser(error_message_context=LONGEST_TEXT).parse_into(exp.Condition, tokens_, text)
    except UnicodeEncodeError as failure:
        raise HogQLError("a character is incomplete.", failure.start) from failure
    except TokenError as failure:
        raise HogQLError("a quote is not closed.", len(text), _QUOTES) from failure
    except ParseError as failure:
        raise _unexpected(failure) from failure
    except RecursionError as failure:
        raise HogQLError("the expression is nested too deeply.", 0) from failure
    if len(trees) != 1 or trees[0] is None:
        raise HogQLError("this is not a single expression.", tokens_[0].start, _ONE_EXPRESSION)
    return _unwrapped(trees[0])


def _checked(tokens_: Sequence[Token]) -> list[Token]:
    if len(tokens_) > MOST_TOKENS:
        raise HogQLError(
            "the expression has {count:,} tokens; the limit is {most:,}.",
            tokens_[MOST_TOKENS].start,
            count=len(tokens_),
            most=MOST_TOKENS,
        )
    checked = [_after_dot(token, before) for before, token in zip([None, *tokens_], tokens_, strict=False)]
    depth = run = 0
    for token in checked:
        if token.token_type not in _ALLOWED or token.comments:
            hint = _NO_COMMENTS if token.comments else _HINTS.get(token.token_type)
            raise HogQLError("{token} is not allowed.", token.start, hint, token=quoted(token.text))
        run = run + 1 if token.token_type in _PREFIXES else 0
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth + run > DEEPEST:
            raise HogQLError(
                "the expression is nested deeper than {deepest} levels.", token.start, deepest=DEEPEST
            )
    return checked


def _after_dot(token: Token, before: Token | None) -> Token:
    # A keyword after a dot is a key: properties.end.
    is_key = before is not None and before.token_type is TokenType.DOT and token.text.isidentifier()
    if not is_key or token.token_type in _NAMES:
        return token
    return Token(TokenType.VAR, token.text, token.line, token.col, token.start, token.end)


def _without_alias(tokens_: list[Token]) -> list[Token]:
    while len(tokens_) > 2 and tokens_[-2].token_type is TokenType.ALIAS and tokens_[-1].token_type in _NAMES:
        tokens_ = tokens_[:-2]
    if not tokens_:
        raise HogQLError("the expression is empty.", 0, _ONE_EXPRESSION)
    return tokens_


def _unwrapped(tree: exp.Expr) -> exp.Expr:
    while isinstance(tree, exp.Paren | exp.Alias):
        tree = tree.this
    return tree


def _unexpected(failure: ParseError) -> HogQLError:
    found = failure.errors[0]
    return HogQLError(
        "{token} is not expected here, or something is missing after it.",
        len(str(found["start_context"])),
        _QUOTES,
        token=quoted(str(found["highlight"])),
    )
