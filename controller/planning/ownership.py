"""Whose an observed object is, from its mark and the ledger's last word on its key."""

from controller.model.observed import Mark, Ownership


def ownership_of(
    mark: Mark | None, *, installation: str, expected_id: str, last_record_is_ours: bool
) -> Ownership:
    """Judge one object.

    ``expected_id`` is the digest of installation, table and key that a mark of ours carries here: a copied item brings
    its original's and does not fit. ``last_record_is_ours`` tells whether the ledger's last record for the key is a
    create, adoption or update of ours; it matters only where there is no mark.
    """
    if mark is not None:
        fits = mark.by == installation and mark.id == expected_id
        return Ownership.OURS if fits else Ownership.FOREIGN
    return Ownership.LOST_MARK if last_record_is_ours else Ownership.UNMANAGED
