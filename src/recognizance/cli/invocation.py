"""What the person asked of every command."""

import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizance.cli.errors import MisuseError

if TYPE_CHECKING:
    from recognizance.cli.evaluate.elsewhere import Elsewhere
    from recognizance.settings import Settings

_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~+-]{1,128}")


@dataclass
class Invocation:
    """The global options of one run; travels as the context's ``obj``."""

    home: Path | None = None
    profile: str | None = None
    debug: bool = False
    said: dict[str, str] = field(default_factory=dict)
    """What the command is for, and what its photograph is: the path of the endpoint says it."""
    measured: "tuple[Elsewhere, Path] | None" = None
    """The service that `evaluate` measures in place of the engine in process, and where its answers are kept."""

    def say(self, said: dict[str, str]) -> None:
        """Keep what the command is for.

        Raises
        ------
        MisuseError
            If it cannot be said in the path of an endpoint.
        """
        for key, value in said.items():
            if not _SEGMENT.fullmatch(value):
                raise MisuseError(
                    f"--{key} cannot be {value!r}.", "It is 1 to 128 of A-Z a-z 0-9 . _ ~ -; edits are joined by +."
                )
        self.said = said

    @property
    def path(self) -> str:
        """The path of the endpoint."""
        return "".join(f"/{key}/{value}" for key, value in self.said.items())

    def settings(self, **overrides: Any) -> "Settings":
        """Read the settings; the command's own options (unless None) win over them.

        Raises
        ------
        SettingsError
        """
        from recognizance.settings import read_settings

        return read_settings(home=self.home, **overrides)

    def command(self, rest: str) -> str:
        """Spell a command that works on the same home folder, for the person to copy."""
        words = ["recognizance"]
        if self.home is not None:
            home = os.path.abspath(self.home.expanduser())  # noqa: PTH100 - keeps links as they were typed
            words += ["--home", shlex.quote(home)]
        if self.profile is not None:
            words += ["--profile", shlex.quote(self.profile)]
        return " ".join([*words, rest])
