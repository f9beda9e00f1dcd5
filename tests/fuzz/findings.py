"""Bytes for which a reader once broke its promise, kept so that it does not again."""

FINDINGS: dict[str, list[bytes]] = {
    'checkpoint': [],
    'csv': [],
    'idx': [],
    'expression': [],
}
