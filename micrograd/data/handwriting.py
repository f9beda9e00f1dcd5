"""Handwritten digits: MNIST where its files are given, else the small ones that come with scikit-learn."""

from pathlib import Path
from reprlib import repr as short
from typing import Any, NamedTuple

from micrograd.data.files import FilePath
from micrograd.data.idx import IdxArray, read_idx
from micrograd.data.sets import Dataset
from micrograd.errors import DataError, optional_import

CLASSES = 10
TRAIN, TEST = 'train', 't10k'  # what the names of the files of MNIST begin with
LARGEST_BYTE = 255  # a pixel of MNIST that is all ink …
LARGEST_COUNT = 16  # … and one of scikit-learn's, which counts the dark ones among 4 x 4 finer ones

_RIGHT = "Right: digits('mnist') for a folder with the files of MNIST, digits() for the digits of scikit-learn"


class MissingDigitsError(DataError):
    """A folder has no digits in it.

    Args:
        problem: what is missing, and where.
    """

    def __init__(self, problem: str):
        super().__init__(f'{problem}. {_RIGHT}')
        self.problem = problem


class Digits(NamedTuple):
    """Handwritten digits to train with, and others to test with.

    Args:
        train: rows of pixels, each from 0 (paper) to 1 (ink), and the digits that they show.
        test: the same, of other images.
        shape: of every image, (height, width) in pixels.
    """

    train: Dataset[int]
    test: Dataset[int]
    shape: tuple[int, int]


def digits(folder: FilePath | None = None) -> Digits:
    """Read handwritten digits: those of MNIST, or the small ones that come with scikit-learn.

    Args:
        folder: where the files of MNIST are, gzipped (`.gz`) or not: `train-images-idx3-ubyte` and
            `train-labels-idx1-ubyte` to train with, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` to test with.
            Where only the latter are there, the first four fifths of them are for training, the rest for the test. None
            is scikit-learn's 1,797 digits of 8 x 8 pixels, which are divided likewise.

    Returns:
        (train, test, shape). The same files give the same numbers in the same order.

    Raises:
        DataError: there is no such folder or it lacks a file; a file is damaged, or holds no images or no digits; there
            are more or fewer labels than images, or the images to test with have another size.
        MissingDependencyError: no folder is given, and scikit-learn is not installed.
        OSError: a file cannot be read.

    >>> train, test, shape = digits()
    >>> len(train.inputs), len(test.inputs), shape
    (1437, 360, (8, 8))
    >>> train.inputs[0][:8], train.targets[0]
    ([0.0, 0.0, 0.3125, 0.8125, 0.5625, 0.0625, 0.0, 0.0], 0)

    Source: LeCun, Cortes and Burges, The MNIST database; Alpaydin and Kaynak, Optical Recognition of Handwritten
    Digits (1998), of which scikit-learn has the test set.
    """
    if folder is None:
        return _bundled()
    folder = _existing(Path(folder))
    test, shape = _read(folder, TEST)
    if _find(folder, f'{TRAIN}-images-idx3-ubyte') is None:
        return _divided(test, shape, str(folder))
    train, train_shape = _read(folder, TRAIN)
    if train_shape != shape:
        raise DataError(
            f'{folder}: the images to train with have {_size(train_shape)} pixels, those to test with {_size(shape)}; '
            'a network has one number of inputs'
        )
    return Digits(train, test, shape)


def _bundled() -> Digits:
    given: Any = optional_import('sklearn.datasets', 'digits').load_digits()
    rows = [[number / LARGEST_COUNT for number in row] for row in given.data.tolist()]
    return _divided(Dataset(rows, given.target.tolist()), given.images.shape[1:], 'scikit-learn')


def _divided(data: Dataset[int], shape: tuple[int, int], where: str) -> Digits:
    """The first four fifths of the examples to train with, the others to test with."""
    size = len(data.inputs) * 4 // 5
    if size == 0:
        raise DataError(f'{where}: there is one image only, so there is none to test with')
    return Digits(
        Dataset(data.inputs[:size], data.targets[:size]), Dataset(data.inputs[size:], data.targets[size:]), shape
    )


# The files of MNIST -----------------------------------------------------------------------------------------------


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        problem = 'this is a file, and its folder is wanted' if folder.exists() else 'there is no such folder'
        raise MissingDigitsError(f'{folder}: {problem}')
    return folder


def _read(folder: Path, part: str) -> tuple[Dataset[int], tuple[int, int]]:
    """Images and labels of one part, and the size of the images."""
    image_path, label_path = (
        _present(folder, f'{part}-images-idx3-ubyte'),
        _present(folder, f'{part}-labels-idx1-ubyte'),
    )
    images, labels = _array(image_path, 3, 'images'), _array(label_path, 1, 'labels')
    if len(images) != len(labels):
        raise DataError(
            f'{label_path}: there are {len(labels)} labels for the {len(images)} images of {image_path.name}'
        )
    targets = [int(label) for label in labels.data]
    for i, target in enumerate(targets):
        if target >= CLASSES:
            raise DataError(f'{label_path}: labels[{i}] should be a digit from 0 to {CLASSES - 1}, not {target}')
    height, width = images.shape[1:]
    return Dataset(images.rows(scale=1 / LARGEST_BYTE), targets), (height, width)


def _present(folder: Path, name: str) -> Path:
    path = _find(folder, name)
    if path is None:
        raise MissingDigitsError(f'{folder}: there is neither {name} nor {name}.gz, as the files of MNIST are called')
    return path


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f'{name}.gz') if path.exists()), None)


def _array(path: Path, dimensions: int, what: str) -> IdxArray:
    """What a file holds, which should be bytes in so many dimensions."""
    found = read_idx(path)
    if len(found.shape) != dimensions or found.data.typecode != 'B':
        raise DataError(
            f'{path}: {what} are unsigned bytes in {dimensions} dimension{"s" * (dimensions > 1)}, and this file has '
            f'the shape {short(found.shape)} and the type code {found.data.typecode!r} of the module array'
        )
    return found


def _size(shape: tuple[int, int]) -> str:
    return f'{shape[0]} x {shape[1]}'
