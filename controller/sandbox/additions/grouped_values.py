"""Values in round brackets of update expressions, ``SET #a = (#a + :n)``, mean what is in the brackets.

"value ::= operand | operand '+' operand | operand '-' operand" (Amazon DynamoDB Developer Guide, Update expressions); DynamoDB
takes brackets around either, and programs write them. moto reads them and then fails at what it made of them.
"""

from typing import Any

from moto.dynamodb.parsing import expressions
from moto.dynamodb.parsing.tokens import Token

from controller.sandbox.rules import replaces

_PARSERS: Any = expressions
"""moto leaves this module out of its types."""


@replaces(_PARSERS.UpdateExpressionGroupedValueParser, "_parse")
def _parse(self: Any) -> Any:
    self.process_token_of_type(Token.OPEN_ROUND_BRACKET)
    inner = _PARSERS.UpdateExpressionValueParser(**self._initializer_args())
    value, self.token_pos = inner._parse_with_pos()  # noqa: SLF001 - as each parser of moto goes on from another
    self.process_token_of_type(Token.CLOSE_ROUND_BRACKET)
    return value
