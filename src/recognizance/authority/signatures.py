"""Presigned requests are used once."""

from datetime import datetime

from recognizance.records import RecordStore, signatures


class UsedSignatures:
    """Keeps in the record which presigned requests were used; a restart does not forget them."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def use(self, signature: str, expires_at: datetime, now: datetime) -> bool:
        """Mark a signature as used, durably; return False if it was before."""
        with self._store.write() as tx:
            return signatures.use(tx, signature, expires_at=expires_at, now=now)
