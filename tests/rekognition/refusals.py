"""What a call is refused with."""

from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError


class Refusal(NamedTuple):
    """An error as boto3 shows it."""

    code: str
    message: str
    status: int


def refusal(call: Any, **arguments: Any) -> Refusal:
    """Make a call that must fail; tell how it failed."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error, metadata = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return Refusal(str(error["Code"]), str(error["Message"]), int(metadata["HTTPStatusCode"]))
