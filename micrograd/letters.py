"""Raised and lowered digits, for names such as w²₁₃."""

SUPERSCRIPTS = str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹')
SUBSCRIPTS = str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉')
PLAIN_DIGITS = {raised: digit for table in (SUPERSCRIPTS, SUBSCRIPTS) for digit, raised in table.items()}
