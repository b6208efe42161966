"""Ask a witness for cosignatures: the client's side of C2SP tlog-witness."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NoReturn

from recognizance.errors import SettingsError, WitnessError, WitnessRefusedError
from recognizance.witness.posting import Address, Answer, post
from recognizance_verify import VerificationError
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.encoding import parse_decimal, shown
from recognizance_verify.keys import WITNESS, VerifierKey
from recognizance_verify.notes import Checkpoint, SignedNote

TIME_TOLERANCE_SECONDS = 600
_SIZE = "text/x.tlog.size"
_ASK = "Ask those who run the witness."

Proof = Callable[[int], list[bytes]]


class RemoteWitness:
    """A witness behind a URL.

    Parameters
    ----------
    clock : callable
        Tells the time, by which that of a cosignature is judged.
    """

    def __init__(self, url: str, verifier_key: VerifierKey, clock: Callable[[], datetime]) -> None:
        self._address = Address.parse(url)
        self._clock = clock
        self._size = 0
        self.key = verifier_key

    @property
    def name(self) -> str:
        """The witness's name, as in its key."""
        return self.key.name

    def cosign(self, note: str, proof: Proof) -> str:
        """Ask for a cosignature of a signed checkpoint.

        Parameters
        ----------
        proof : callable
            Proves that the checkpoint's tree begins with that of an earlier size.

        Returns
        -------
        str
            The signature line, checked.

        Raises
        ------
        WitnessError
            If there is no answer that can be used.
        WitnessRefusedError
            If the witness has seen another log than this.
        """
        signed = SignedNote.parse(note)
        checkpoint = Checkpoint.parse(signed.text)
        old = self._size if self._size <= checkpoint.size else 0
        answer = self._ask(old, signed, proof)
        known = self._conflict(answer, old, checkpoint)
        if known is not None:
            old, answer = known, self._ask(known, signed, proof)
            if self._conflict(answer, old, checkpoint) is not None:
                raise WitnessError(
                    f"The witness {self.name} was asked by somebody else at the same time.",
                    "It is asked again with the next checkpoint.",
                )
        if answer.status != 200:
            self._refused(answer, checkpoint)
        line = self._checked(answer, signed)
        self._size = checkpoint.size
        return line

    def _ask(self, old: int, signed: SignedNote, proof: Proof) -> Answer:
        body = ConsistencyProof(old, tuple(proof(old)) if old else (), signed).text()
        return post(self._address, "/add-checkpoint", body.encode(), self.name)

    def _conflict(self, answer: Answer, old: int, checkpoint: Checkpoint) -> int | None:
        """Read the size that the witness knows, if it is another one than `old` to start from.

        Raises
        ------
        WitnessError, WitnessRefusedError
            If there is no starting from it.
        """
        if answer.status != 409:
            return None
        if answer.content_type != _SIZE and old == checkpoint.size:
            self._seen_another()
        try:
            known = parse_decimal(answer.text.removesuffix("\n"), "The size that the witness knows")
        except VerificationError as error:
            raise WitnessError(f"The witness {self.name} gave no answer that can be used: {error}", _ASK) from error
        if known > checkpoint.size:
            raise WitnessRefusedError(
                f"The witness {self.name} has seen a longer log, of {known} entries: this log was rolled back, or "
                "another one was shown to the witness.",
                "Find out which entries are missing before anything else; the witness goes on refusing.",
            )
        if known == old:
            if known == checkpoint.size:
                self._seen_another()
            raise WitnessError(f"The witness {self.name} contradicts itself about the size that it knows.", _ASK)
        return known

    def _seen_another(self) -> NoReturn:
        # Without this log's size: whoever records that the reason changed would make the log grow, and so the reason.
        raise WitnessRefusedError(
            f"The witness {self.name} has seen another log than this: the log was changed, or different logs are "
            "shown to different people.",
            "Compare this log with the checkpoint that the witness has; it goes on refusing.",
        )

    def _refused(self, answer: Answer, checkpoint: Checkpoint) -> NoReturn:
        told = shown(answer.text.strip())
        match answer.status:
            case 422:
                self._seen_another()
            case 404:
                raise WitnessError(
                    f"The witness {self.name} does not know the log {shown(checkpoint.origin)}.",
                    "Let those who run it add the log by its key: `recognizance ledger key` prints it.",
                )
            case 403:
                raise WitnessError(
                    f"The witness {self.name} knows the log {shown(checkpoint.origin)} by another key.",
                    "Let those who run it compare the key with what `recognizance ledger key` prints.",
                )
            case _:
                raise WitnessError(f"The witness {self.name} answered {answer.status}: {told}", _ASK)

    def _checked(self, answer: Answer, signed: SignedNote) -> str:
        try:
            cosigned = SignedNote.parse(f"{signed.text}\n{answer.text}")
            time = cosigned.times([self.key]).get(self.key)
        except VerificationError as error:
            raise WitnessError(f"The cosignature of the witness {self.name} cannot be used: {error}", _ASK) from error
        if time is None:
            raise WitnessError(
                f"The witness {self.name} did not cosign with the key that the settings name.",
                "Compare the setting `witnesses` with what `recognizance witness key` prints there.",
            )
        if abs(time - self._clock().timestamp()) > TIME_TOLERANCE_SECONDS:
            raise WitnessError(
                f"The cosignature of the witness {self.name} bears a time over "
                f"{TIME_TOLERANCE_SECONDS // 60} minutes from that of this machine.",
                "Set the clocks of both machines right.",
            )
        return next(one.line() for one in cosigned.signatures if (one.name, one.key_id) == (self.name, self.key.id))


def parse_witness(text: str, clock: Callable[[], datetime]) -> RemoteWitness:
    """Read one of the setting ``witnesses``: a URL, a space and a verifier key.

    Raises
    ------
    SettingsError
    """
    url, _, key_text = text.strip().partition(" ")
    try:
        key = VerifierKey.parse(key_text.strip())
    except VerificationError as error:
        raise SettingsError(
            f"The setting witnesses cannot be used: {error}",
            "Each witness is its URL, a space and its verifier key; `recognizance witness serve` prints them so.",
        ) from error
    if key.kind != WITNESS:
        raise SettingsError(
            f"The setting witnesses names the key of a log, {shown(key.name)}, and not of a witness.",
            "`recognizance witness key` prints that of a witness.",
        )
    return RemoteWitness(url, key, clock)


def parse_witnesses(texts: Sequence[str], clock: Callable[[], datetime]) -> list[RemoteWitness]:
    """Read the setting ``witnesses``.

    Raises
    ------
    SettingsError
        Also if two have one key or one name: they could not be told apart under a checkpoint.
    """
    found = [parse_witness(text, clock) for text in texts]
    for at, one in enumerate(found):
        if any(one.name == other.name or one.key.public == other.key.public for other in found[:at]):
            raise SettingsError(
                f"The setting witnesses names the witness {shown(one.name)}, or its key, twice.", "Name each once."
            )
    return found
