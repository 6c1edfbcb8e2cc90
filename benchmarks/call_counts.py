"""What a counter of requests says, added up."""

from collections import Counter

from controller.aws.clients import CallCounter


def total(
    counter: CallCounter,
    *,
    account: str | None = None,
    service: str | None = None,
    operation: str | None = None,
) -> int:
    """Return how many requests left, of all or only of the account, service or operation named."""
    return sum(
        count
        for (where, _, what, call), count in counter.counts().items()
        if account in (None, where) and service in (None, what) and operation in (None, call)
    )


def by_operation(counter: CallCounter) -> dict[str, int]:
    """Return the counts by ``service.Operation``, over all accounts and regions."""
    totals: Counter[str] = Counter()
    for (_, _, service, operation), count in counter.counts().items():
        totals[f"{service}.{operation}"] += count
    return dict(totals)
