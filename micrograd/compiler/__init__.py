"""The compiler: a scalar program is traced once, its matrices are recovered, and it runs whole batches natively.

    trace -> differentiate -> simplify -> raise -> run

Each pass is one module: `trace`, `differentiate`, `simplify`, `blocks`; the program that they make (`instructions`) is
run by `arrays` with NumPy, or by `vm` in machine code. `program` is what users call.
"""

from micrograd.errors import optional_import

optional_import('numpy', 'compile')
