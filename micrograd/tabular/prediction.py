"""What a network that learnt from a table predicts for the rows of another."""

import csv
import io
import sys

from micrograd.checkpoint import destination, load_with_columns
from micrograd.data.columns import Categories
from micrograd.data.files import FilePath
from micrograd.data.tables import read_cells
from micrograd.files import replace_file
from micrograd.tabular.outputs import classified, numbers, outputs

PROBABILITY = 'probability'
DIGITS = '.10g'  # of a predicted number: fewer than where machines differ


def predict(model: FilePath, path: FilePath, *, delimiter: str = ',') -> list[list[str]]:
    """Predict the target for each row of a CSV file.

    Args:
        model: a model file that `train` wrote; it says how the columns become numbers.
        path: a CSV file with the columns of the inputs, in any order; others, such as the target, do not matter.
        delimiter: the character between two cells.

    Returns:
        The cells of a table: a row of names, then one for each row of the file. They are the target and, of a
        classifier, the probability that the network gives to this class.

    Raises:
        CheckpointError: the model file is damaged, or has no columns.
        DataError: a column is missing, a cell is missing or not as in the training data; the message says where.
        MissingDependencyError: NumPy is not installed.
        OSError: a file cannot be read.
    """
    network, columns = load_with_columns(model)
    found = outputs(network, columns, columns.rows(read_cells(path, delimiter=delimiter)))
    target = columns.target
    if isinstance(target, Categories):
        answers = [classified(target, logits) for logits in found]
        beside = PROBABILITY if target.name != PROBABILITY else f'its {PROBABILITY}'
        return [[target.name, beside], *([one.answer, f'{one.probability:.4f}'] for one in answers)]
    return [[target.name], *([format(number, DIGITS)] for number in numbers(target, found))]


def write_predictions(model: FilePath, path: FilePath, output: FilePath | None = None, *, delimiter: str = ',') -> None:
    """Predict the target for each row of a CSV file, and write the predictions as CSV.

    Args:
        model: see `predict`.
        path: see `predict`.
        output: the file to write; None prints them.
        delimiter: the character between two cells, of both tables.

    Raises:
        Everything that `predict` does.
    """
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator='\n').writerows(predict(model, path, delimiter=delimiter))
    if output is None:
        sys.stdout.write(text.getvalue())
        return
    replace_file(destination(output), text.getvalue().encode())
