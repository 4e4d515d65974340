"""An account's call record as a document, and back."""

import hashlib

from exporter.budget import Bucket, Penalty
from exporter.config import AccountConfig
from exporter.sources.record import CallRecord
from exporter.state.documents import CallsDocument, StoredPenalty

#: No hold that the exporter makes is longer, so a longer one is the work of a clock.
_LONGEST_HOLD = 7 * 3600.0


def identity(config: AccountConfig) -> str:
    """Return what tells an account from another.

    A name that moved to another cloud, or to another login, is a new account.
    """
    own = f" {_digest(config.login)}" if config.login else ""
    return f"{config.vendor} {config.name} {config.base_url}{own}"


def _selection(config: AccountConfig) -> str:
    return _digest(config.selection)


def _digest(text: str) -> str:
    # Short enough to say nothing of a person.
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def dump(record: CallRecord, config: AccountConfig, wall: float, monotonic: float) -> CallsDocument:
    """Return the record with its monotonic times as wall times."""
    ahead = wall - monotonic
    return CallsDocument(
        account=identity(config),
        written_at=wall,
        selection=_selection(config),
        level=record.bucket.tokens(monotonic),
        burst=record.bucket.burst,
        rate=record.bucket.rate,
        penalty=_stored(record.penalty, ahead),
        refused=_stored(record.refused, ahead),
        attempts={key: moment + ahead for key, moment in record.attempts.items()},
        listed=(record.listed[0] + ahead, record.listed[1]) if record.listed else None,
        succeeded_at=record.succeeded_at,
        restarts=record.restarts,
    )


def restore(
    document: CallsDocument, config: AccountConfig, wall: float, monotonic: float
) -> CallRecord:
    """Return the record as of now; where the wall clock went back, no time has passed."""
    now = max(wall, document.written_at)
    behind = now - monotonic
    passed = now - document.written_at
    bucket = Bucket(document.burst, document.rate, document.level, monotonic - passed)
    record = CallRecord(
        bucket,
        began=monotonic,
        penalty=_penalty(document.penalty, behind, monotonic),
        # Whoever restarts may have mended the credentials: one try shows, crash loops excepted.
        refused=Penalty(step=document.refused.step),
        attempts={
            key: min(moment - behind, monotonic) for key, moment in document.attempts.items()
        },
        succeeded_at=document.succeeded_at,
        restarts=document.restarts + 1,
    )
    # Another choice of locations finds others in the same listing.
    if document.listed is not None and document.selection == _selection(config):
        record.listed = (min(document.listed[0] - behind, monotonic), document.listed[1])
    return record


def _stored(penalty: Penalty, ahead: float) -> StoredPenalty:
    return StoredPenalty(until=penalty.until + ahead, step=penalty.step)


def _penalty(stored: StoredPenalty, behind: float, monotonic: float) -> Penalty:
    return Penalty(min(stored.until - behind, monotonic + _LONGEST_HOLD), stored.step)
