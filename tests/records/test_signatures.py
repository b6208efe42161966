from datetime import timedelta

from recognizance.records import RecordStore, signatures
from records.making import NOW


def test_a_signature_is_used_once_and_forgotten_when_it_has_expired(store: RecordStore) -> None:
    expiry = NOW + timedelta(minutes=5)
    with store.write() as tx:
        assert signatures.use(tx, "a", expires_at=expiry, now=NOW)
        assert signatures.use(tx, "b", expires_at=expiry, now=NOW)
    with store.write() as tx:
        assert not signatures.use(tx, "a", expires_at=expiry, now=NOW + timedelta(minutes=4))
        assert signatures.use(tx, "a", expires_at=expiry, now=expiry)
