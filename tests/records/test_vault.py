import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recognizance.errors import ErasedError, KeyFileError, RecordUnavailableError
from recognizance.records import KeyVault, Sealer, galleries
from recognizance.records.vault import SLOTS_AHEAD, VAULT_FILE
from records.making import KEY, RUN_ENVIRONMENT, a_gallery, open_record

_HEADER_BYTES = 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    return folder


def open_vault(folder: Path, key: bytes = KEY) -> KeyVault:
    return KeyVault.open(folder, sealer=Sealer(key))


def slot_bytes(folder: Path, slot: int) -> bytes:
    data = (folder / VAULT_FILE).read_bytes()
    return data[_HEADER_BYTES + 32 * (slot - 1) : _HEADER_BYTES + 32 * slot]


def test_what_is_sealed_opens_with_its_slot_and_context_only(folder: Path) -> None:
    with open_vault(folder) as vault:
        first, second = vault.take(), vault.take()
        sealed = vault.seal(first, b"a face", "here")
        assert b"a face" not in sealed
        assert vault.open_sealed(first, sealed, "here") == b"a face"
        for slot, context in ((second, "here"), (first, "there")):
            with pytest.raises(RecordUnavailableError):
                vault.open_sealed(slot, sealed, context)
    with open_vault(folder) as vault:
        assert vault.open_sealed(first, sealed, "here") == b"a face"
    derived = Sealer(bytes(32))
    assert derived.key_id != Sealer(KEY).key_id


@pytest.mark.parametrize("place", [0, 1, 12, 13, -17, -1])
def test_any_altered_byte_is_noticed(folder: Path, place: int) -> None:
    with open_vault(folder) as vault:
        slot = vault.take()
        sealed = bytearray(vault.seal(slot, b"a face", "here"))
        sealed[place] ^= 1
        with pytest.raises(RecordUnavailableError):
            vault.open_sealed(slot, bytes(sealed), "here")


def test_derived_bytes_stay_the_same_and_differ_by_slot_and_purpose(folder: Path) -> None:
    with open_vault(folder) as vault:
        first, second = vault.take(), vault.take()
        derived = vault.derive(first, "salt")
        assert (
            len({derived, vault.derive(second, "salt"), vault.derive(first, "salt 2"), slot_bytes(folder, first)}) == 4
        )
    with open_vault(folder) as vault:
        assert vault.derive(first, "salt") == derived


def test_neither_the_file_nor_the_sealing_key_opens_anything_alone(folder: Path) -> None:
    with open_vault(folder) as vault:
        slot = vault.take()
        derived = vault.derive(slot, "salt")
    file = folder / VAULT_FILE
    file.write_bytes(file.read_bytes().replace(Sealer(KEY).key_id.encode(), Sealer(KEY[::-1]).key_id.encode()))
    with open_vault(folder, KEY[::-1]) as other:
        assert other.derive(slot, "salt") != derived


def test_a_destroyed_key_is_gone_for_good(folder: Path) -> None:
    with open_vault(folder) as vault, open_vault(folder) as witness:
        slots = vault.take_many(10)
        kept, gone = slots[::3], [slot for slot in slots if slot not in slots[::3]]
        sealed = {slot: vault.seal(slot, b"a face", "here") for slot in slots}
        bytes_before = {slot: slot_bytes(folder, slot) for slot in slots}
        vault.destroy(iter([*gone, gone[0]]))
        vault.destroy([])
        vault.destroy(gone)  # again
        data = (folder / VAULT_FILE).read_bytes()
        assert not [slot for slot in gone if bytes_before[slot] in data]
        for other in (vault, witness):  # another process's view has no copy either
            assert [slot for slot in slots if other.is_destroyed(slot)] == gone
            for slot in gone:
                with pytest.raises(ErasedError):
                    other.open_sealed(slot, sealed[slot], "here")
                with pytest.raises(ErasedError):
                    other.seal(slot, b"", "here")
                with pytest.raises(ErasedError):
                    other.derive(slot, "salt")
            assert all(other.open_sealed(slot, sealed[slot], "here") == b"a face" for slot in kept)


def test_a_slot_that_is_not_there_destroys_nothing(folder: Path) -> None:
    with open_vault(folder) as vault:
        slot = vault.take()
        for wrong in (0, -1, len(vault) + 1):
            with pytest.raises(KeyFileError):
                vault.destroy([slot, wrong])
            with pytest.raises(KeyFileError):
                vault.derive(wrong, "salt")
        assert not vault.is_destroyed(slot)


def test_slots_are_never_handed_out_twice(folder: Path) -> None:
    def take(vault: KeyVault) -> list[int]:
        return [number for count in (1, 300, 7) * 20 for number in vault.take_many(count)]

    with open_vault(folder) as one, open_vault(folder) as other, ThreadPoolExecutor(4) as pool:
        taken = [number for numbers in pool.map(take, [one, other, one, other]) for number in numbers]
        assert len(set(taken)) == len(taken) == 4 * 20 * 308
        assert max(taken) <= len(one) == len(other)
        assert len({slot_bytes(folder, number) for number in taken[:2_000]}) == 2_000
    with open_vault(folder) as again:
        assert again.take() > max(taken)


_TAKE = """
import sys
from pathlib import Path
from recognizance.records import KeyVault, Sealer
from records.making import KEY
vault = KeyVault.open(Path(sys.argv[1]), sealer=Sealer(KEY))
sys.stdin.read()
for _ in range(1000):
    slot = vault.take()
    print(slot, vault.derive(slot, "x").hex(), flush=True)
"""


def test_processes_that_are_killed_lose_nothing_that_was_handed_out(folder: Path) -> None:
    taken: dict[int, str] = {}
    for _ in range(3):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", _TAKE, str(folder)],
                env=RUN_ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        for number, process in enumerate(processes):
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(300 + number)]
            process.kill()
            lines += process.stdout.read().splitlines(keepends=True)
            process.wait()
            process.stdout.close()
            for line in lines:
                if line.endswith("\n"):
                    slot, derived = line.split()
                    assert int(slot) not in taken
                    taken[int(slot)] = derived
    with open_vault(folder) as vault:
        assert [slot for slot, derived in taken.items() if vault.derive(slot, "x").hex() != derived] == []


def test_a_fork_hands_out_other_slots(folder: Path) -> None:
    with open_vault(folder) as vault:
        first = vault.take()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, str(vault.take()).encode())
            os._exit(0)
        os.waitpid(child, 0)
        assert int(os.read(reader, 20)) not in range(first, first + SLOTS_AHEAD)
        os.close(reader)
        os.close(writer)


def test_a_torn_end_is_left_out_and_written_over(folder: Path) -> None:
    with open_vault(folder) as vault:
        slot = vault.take()
        derived = vault.derive(slot, "x")
    with (folder / VAULT_FILE).open("ab") as file:
        file.write(b"\x07" * 45)  # one slot that nobody was given, and a part of another
    with open_vault(folder) as vault:
        assert len(vault) == SLOTS_AHEAD + 1
        assert vault.take() == SLOTS_AHEAD + 2
        assert vault.derive(slot, "x") == derived
        assert (folder / VAULT_FILE).stat().st_size == _HEADER_BYTES + 32 * len(vault)


def test_the_file_is_for_its_owner_alone(folder: Path) -> None:
    with open_vault(folder) as vault:
        assert not (folder / VAULT_FILE).exists()  # nothing is made by looking
        vault.make()
        vault.make()
        assert stat.S_IMODE((folder / VAULT_FILE).stat().st_mode) == 0o600
    for path, mode in ((folder / VAULT_FILE, 0o640), (folder, 0o770)):
        before = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode)
        with pytest.raises(KeyFileError) as caught:
            open_vault(folder)
        assert caught.value.remedy.startswith("chmod ")
        path.chmod(before)
    open_vault(folder).close()


def test_threads_that_make_it_at_once_make_one(folder: Path) -> None:
    vaults = [open_vault(folder) for _ in range(8)]
    start = threading.Barrier(8)

    def take(vault: KeyVault) -> int:
        start.wait()
        return vault.take()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(take, vaults))) == 8
    assert len({vault.identifier for vault in vaults}) == 1
    for vault in vaults:
        vault.close()


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"recognizance-subject-keys-1 x y", b"\xff" * 200])
def test_another_file_is_named(folder: Path, content: bytes) -> None:
    file = folder / VAULT_FILE
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="not a file of subject keys"):
        open_vault(folder)


def test_the_vault_of_another_sealing_key_is_named(folder: Path) -> None:
    with open_vault(folder) as vault:
        vault.make()
    with pytest.raises(KeyFileError, match=Sealer(KEY).key_id):
        open_vault(folder, KEY[::-1])


def test_a_file_replaced_in_use_takes_no_more_keys(folder: Path) -> None:
    with open_vault(folder) as vault:
        vault.take_many(SLOTS_AHEAD)
        file = folder / VAULT_FILE
        copy = file.read_bytes()
        file.unlink()
        with pytest.raises(KeyFileError, match="moved or replaced"):
            vault.take()
        file.write_bytes(copy)
        with pytest.raises(KeyFileError, match="moved or replaced"):
            vault.take()


_STARVE = """
import resource, signal, sys
from pathlib import Path
from recognizance.errors import RecordUnavailableError
from recognizance.records import KeyVault, Sealer
from records.making import KEY
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
vault = KeyVault.open(Path(sys.argv[1]), sealer=Sealer(KEY))
first = vault.take_many(256)
size = vault.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, resource.RLIM_INFINITY))
try:
    vault.take()
except RecordUnavailableError as error:
    assert error.remedy
else:
    raise AssertionError
assert vault.path.stat().st_size == size
vault.destroy(first[:2])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert vault.take() == 257
print("usable")
"""


def test_a_full_disk_is_named_and_the_vault_stays_usable(folder: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", _STARVE, str(folder)],
        env=RUN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    assert (process.stdout, process.returncode) == ("usable\n", 0)


def test_a_record_opens_with_its_own_vault_only(path: Path, tmp_path: Path) -> None:
    open_record(path).close()
    file = tmp_path / "home-keys" / VAULT_FILE
    content = file.read_bytes()
    file.unlink()
    with pytest.raises(KeyFileError, match="missing") as caught:
        open_record(path)
    assert "newest copy" in caught.value.remedy
    assert not file.exists()
    with open_vault(tmp_path / "home-keys") as other:
        other.make()
    with pytest.raises(KeyFileError, match="another record"):
        open_record(path)
    file.write_bytes(content)
    open_record(path).close()


def test_an_old_copy_of_the_vault_is_noticed(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "home-keys" / VAULT_FILE
    with open_record(path) as store:
        old = file.read_bytes()
        with store.write() as tx:
            a_gallery(tx)
            tx.vault.take()
    new = file.read_bytes()
    file.write_bytes(old)
    with pytest.raises(KeyFileError, match="old copy"):
        open_record(path)
    file.write_bytes(new)
    with open_record(path) as store, store.read() as tx:
        assert galleries.get(tx, "staff")
