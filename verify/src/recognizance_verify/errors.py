"""What is raised when something does not verify."""


class VerificationError(ValueError):
    """What was given is not what it claims to be; the message is one sentence that says what is wrong, and where."""
