"""Whose credentials a command signs with."""

import os
from typing import TYPE_CHECKING, Any

from recognizance.cli.invocation import Invocation
from recognizance.errors import NoCredentialsError

if TYPE_CHECKING:
    from recognizance.settings import Settings

_REMEDY = (
    "Get an access key of your own from an administrator (`recognizance operator key issue ID --profile NAME`), and "
    "name it by --profile NAME or RECOGNIZANCE_PROFILE; `recognizance operator recover ID` helps an administrator "
    "whose secret is lost."
)


def sign_in(invocation: Invocation, settings: "Settings", endpoint: str, *, own_only: bool = False) -> Any:
    """Make a botocore session with credentials.

    The administrator of the first start, as long as it is not closed and no profile is named; else what botocore
    finds: environment, profile, ``credential_process``, ``role_arn`` (asked of this server's own STS).

    Parameters
    ----------
    own_only : bool
        Leave the administrator of the first start out: the server is not this home folder's.

    Raises
    ------
    NoCredentialsError
    """
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    if invocation.profile is None and not own_only:
        from recognizance.bootstrap import administrator_key

        pair = administrator_key(settings)
        if pair is not None:
            session = botocore.session.Session()
            session.set_credentials(pair.access_key_id, pair.secret)
            return session
    # For the one client that botocore makes itself: roles are this server's, and there is no cloud to ask.
    os.environ.setdefault("AWS_ENDPOINT_URL_STS", endpoint)
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    session = botocore.session.Session(profile=invocation.profile)
    session.set_config_variable("region", settings.region)
    named = f"the profile {invocation.profile}" if invocation.profile else "the environment or the default profile"
    try:
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except ClientError:
        raise  # the server's own answer says it best
    except BotoCoreError as error:
        raise NoCredentialsError(f"The credentials of {named} cannot be used: {error}.", _REMEDY) from error
    if credentials is None:
        raise NoCredentialsError(
            "There are named operators, so this command does not act as the administrator of the first start, and "
            f"there are no credentials in {named}.",
            _REMEDY,
        )
    return session
