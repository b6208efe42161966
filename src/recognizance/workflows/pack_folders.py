"""Where rule packs come from: those that are shipped, and a folder of the operator's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from recognizance.errors import NotFoundError, PackError
from recognizance.policy import BrokenPack, Pack, PackText, read_pack
from recognizance.policy.vectors import GivenAuthority as GivenAuthority
from recognizance.policy.vectors import Vector as Vector
from recognizance.policy.vectors import read_vectors

DESCRIPTION = "pack.toml"
RULES = "rules.cedar"
VECTORS = "vectors.toml"

SHIPPED = "shipped"
OWN = "own"


@dataclass(frozen=True, slots=True)
class FoundPack:
    """A pack in a folder, as it is there now; ``origin`` is ``shipped`` or ``own``."""

    origin: str
    pack: Pack | BrokenPack


class PackFolders:
    """Reads packs from folders, each time anew: what counts is what the record kept when one was switched on.

    Parameters
    ----------
    shipped, own : Traversable or None
        Folders with one folder for each pack, of its id.  A pack of one's own stands in for a shipped one of its id.
    """

    def __init__(self, shipped: Traversable, own: Traversable | None = None) -> None:
        self._folders: Sequence[tuple[str, Traversable]] = (
            ((SHIPPED, shipped),) if own is None else ((SHIPPED, shipped), (OWN, own))
        )

    def list_all(self) -> list[FoundPack]:
        """List the packs there are, by id."""
        found = {folder.name: (origin, folder) for origin, folder in self._all()}
        return [FoundPack(origin, _read(folder)) for _, (origin, folder) in sorted(found.items())]

    def find(self, identifier: str) -> FoundPack:
        """Find a pack.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        for origin, folder in reversed(self._all()):
            if folder.name == identifier:
                return FoundPack(origin, _read(folder))
        raise NotFoundError(f"There is no rule pack {identifier}.", "`recognizance policy list` shows those there are.")

    def _all(self) -> list[tuple[str, Traversable]]:
        """List the folders that hold packs, with their origins; the operator's own come last."""
        return [
            (origin, folder)
            for origin, place in self._folders
            if place.is_dir()
            for folder in place.iterdir()
            if folder.is_dir() and folder.joinpath(DESCRIPTION).is_file()
        ]

    def vectors(self, identifier: str) -> tuple[Vector, ...]:
        """Read the test vectors of a pack; none if its folder has none.

        Raises
        ------
        NotFoundError, PackError
        """
        origin = self.find(identifier).origin
        place = next(place for name, place in self._folders if name == origin)
        file = place.joinpath(identifier, VECTORS)
        if not file.is_file():
            return ()
        try:
            return read_vectors(file.read_bytes().decode("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise PackError(f"The vectors of the pack {identifier} cannot be read.", (f"{error}.",)) from error


def usable(found: FoundPack) -> Pack:
    """Give a pack that can be used.

    Raises
    ------
    PackError
        With everything that is wrong with it.
    """
    if isinstance(found.pack, BrokenPack):
        raise PackError(f"The pack {found.pack.id} cannot be used.", found.pack.problems)
    return found.pack


def _read(folder: Traversable) -> Pack | BrokenPack:
    try:
        text = PackText(*(folder.joinpath(name).read_bytes().decode("utf-8") for name in (DESCRIPTION, RULES)))
    except OSError as error:
        return BrokenPack(folder.name, "", (f"Its files cannot be read: {error.strerror or error}.",))
    except UnicodeDecodeError:
        return BrokenPack(folder.name, "", ("Its files are not UTF-8 text.",))
    try:
        pack = read_pack(text)
    except PackError as error:
        return BrokenPack(folder.name, text.digest, error.problems)
    if pack.id != folder.name:
        return BrokenPack(folder.name, text.digest, (f"Its id is {pack.id}, and its folder is called otherwise.",))
    return pack
