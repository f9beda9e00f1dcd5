"""Bytes for which a reader once broke its promise, kept so that it does not again."""

MANY = '+'.join(f'number{i}' for i in range(500)).encode()
LONG = b'x' * 3000

FINDINGS: dict[str, list[bytes]] = {
    'checkpoint': [],
    'csv': [
        LONG + b'\n1\n2\n',  # messages with the whole name of the target
        b'x,' + LONG + b'\n1,2\n2,2\n',
    ],
    'idx': [
        bytes([0, 0, 13, 31]) + b'\x10' * 124,  # a message with a product of hundreds of digits
        bytes([0, 0, 8, 255]) + b'\0\0\0\1' * 255 + b'\7',  # a message with 255 sizes
    ],
    'expression': [
        MANY,  # a message that listed every variable, …
        MANY + b'\0y=1',
        LONG,  # … or the whole of a long name
        b'1\0' + LONG + b'=1',
        b'1\0' + LONG + b'=1\0' + LONG + b'=2',
        b'1\0' + LONG + b'=y',
        b'select([])',  # a TypeError about a lambda
        b'x\0x=max([])',  # a ShapeError that did not say where
        b'x # remark\n+ y',  # x
    ],
}
