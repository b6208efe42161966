"""How sessions and operators are named as AWS resources."""

ACCOUNT = "000000000000"
"""The account in ARNs: this server has one."""

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/recognizance/"


def role_arn(session_id: str) -> str:
    """Name a registered session as a role."""
    return f"{_ROLE}{session_id}"


def session_of(arn: str) -> str:
    """Read a session's id off a role's name; empty if it is not one of ours, as no session's id is."""
    return arn.removeprefix(_ROLE) if arn.startswith(_ROLE) else ""


def user_arn(operator: str) -> str:
    """Name an operator as a user."""
    return f"arn:aws:iam::{ACCOUNT}:user/{operator}"


def assumed_arn(session_id: str, name: str) -> str:
    """Name who has assumed a session's role; AWS leaves the role's path out here."""
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{session_id}/{name}"
