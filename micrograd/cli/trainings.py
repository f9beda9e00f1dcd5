"""`micrograd demo`, `digits`, `train` and `predict`: networks that are trained, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.cli.words import DONE, add_command, count, delimiter, rate, share, sizes, strength
from micrograd.errors import DataError
from micrograd.initialisation import INITIALISATIONS

if TYPE_CHECKING:
    import argparse

SEE_DATA = 'Right: --data and the folder with the files of MNIST; without --data it takes the digits of scikit-learn'

DEMO_EXAMPLES = """examples:
  micrograd demo
  micrograd demo --out /tmp/moons --seed 3
"""
DIGITS_EXAMPLES = """examples:
  micrograd digits
  micrograd digits --data mnist
  micrograd digits --data mnist --hidden 100 --cost cross-entropy
  micrograd digits --data mnist --hidden 30,30 --epochs 60 --initialisation gaussian
"""
TRAIN_EXAMPLES = """examples:
  micrograd train iris.csv --target species
  micrograd train houses.csv --target price --hidden 32,32 --epochs 100 --save model.json
  micrograd train patients.csv --target stage --task regression --missing mean --ignore name
"""
PREDICT_EXAMPLES = """examples:
  micrograd predict micrograd-train/model.json more.csv
  micrograd predict model.json more.csv --output predictions.csv
"""


def add_to(commands: Any) -> None:
    """Describe these commands."""
    _add_demo(commands)
    _add_digits(commands)
    _add_train(commands)
    _add_predict(commands)


def _add_demo(commands: Any) -> None:
    command = add_command(commands, 'demo', 'train a small network on two moons, and draw it', DEMO_EXAMPLES)
    command.add_argument('--out', metavar='DIR', default='micrograd-demo', help='where the files go (%(default)s)')
    command.add_argument('--seed', metavar='N', type=int, default=0, help='of every random number (%(default)s)')
    command.set_defaults(run=_demo)


def _add_digits(commands: Any) -> None:
    about = 'train a network to read handwritten digits, and show what it has learnt'
    more = """

Sigmoid neurons, mini-batches and the quadratic cost, as in chapter 1 of Nielsen's book; the
cross-entropy and the better initial weights are those of its chapter 3. After each epoch
it prints how many of the test digits come out right. The book counts epochs from 0, this
from 1. Without --data the digits are the small ones that come with scikit-learn.
"""
    command = add_command(commands, 'digits', about, DIGITS_EXAMPLES, more)
    files = (
        'a folder with the files of MNIST, gzipped or not: all four, or those that begin with t10k, of which the '
        'last fifth is for the test'
    )
    command.add_argument('--data', metavar='DIR', help=files)
    neurons = 'how many hidden neurons; 30,20 is two layers of them (30)'
    command.add_argument('--hidden', metavar='N', type=sizes, default=(30,), help=neurons)
    command.add_argument(
        '--epochs', metavar='N', type=count, default=30, help='how often each digit is seen (%(default)s)'
    )
    command.add_argument('--batch-size', metavar='N', type=count, default=10, help='of a mini-batch (%(default)s)')
    eta = 'the learning rate (3.0 with the quadratic cost, 0.5 with the cross-entropy)'
    command.add_argument('--eta', metavar='RATE', type=rate, help=eta)
    command.add_argument(
        '--cost', choices=['quadratic', 'cross-entropy'], default='quadratic', help='what is made small (%(default)s)'
    )
    command.add_argument('--seed', metavar='N', type=int, default=0, help='of every random number (%(default)s)')
    weights = "(%(default)s); that of the book's chapter 1 is gaussian"
    command.add_argument('--initialisation', choices=[*INITIALISATIONS], default='nielsen', help=weights)
    command.add_argument('--out', metavar='DIR', default='micrograd-digits', help='where the files go (%(default)s)')
    command.set_defaults(run=_digits)


def _add_train(commands: Any) -> None:
    about = 'train a network on a CSV file, and show how good it is'
    more = """

The first line of the file holds the names of the columns. Columns of numbers, written with
digits and a point as in 1234.5, are standardised; columns of texts become one-hot. The
network is a classifier if the target is text, or a few different whole numbers, else a
regressor. It is tested on rows that it has not seen. The model file holds all that
`micrograd predict` needs.
"""
    command = add_command(commands, 'train', about, TRAIN_EXAMPLES, more)
    command.add_argument('file', metavar='FILE', help='a CSV file')
    command.add_argument('--target', metavar='COLUMN', required=True, help='the column to predict')
    neurons = 'how many hidden neurons; 16,16 is two layers of them (16,16)'
    command.add_argument('--hidden', metavar='N', type=sizes, default=(16, 16), help=neurons)
    command.add_argument(
        '--epochs', metavar='N', type=count, default=50, help='how often each row is seen (%(default)s)'
    )
    command.add_argument('--batch-size', metavar='N', type=count, default=16, help='of a mini-batch (%(default)s)')
    command.add_argument(
        '--lr', metavar='RATE', type=rate, default=0.01, help='the learning rate at the beginning (%(default)s)'
    )
    decay = 'of the weight decay: a step takes RATE * NUMBER / rows of each weight away (%(default)g)'
    command.add_argument('--lambda', metavar='NUMBER', type=strength, default=200.0, dest='lmbda', help=decay)
    command.add_argument('--task', choices=['classification', 'regression'], help='(what the target looks like)')
    missing = 'what becomes of a missing cell: it is an error, or becomes the mean of its column (%(default)s)'
    command.add_argument('--missing', choices=['error', 'mean'], default='error', help=missing)
    ignored = 'a column to leave out; for several, say it several times'
    command.add_argument('--ignore', metavar='COLUMN', action='append', default=[], help=ignored)
    command.add_argument(
        '--test', metavar='SHARE', type=share, default=0.2, help='of the rows that are held out (%(default)s)'
    )
    command.add_argument('--seed', metavar='N', type=int, default=0, help='of every random number (%(default)s)')
    _add_delimiter(command)
    command.add_argument('--out', metavar='DIR', default='micrograd-train', help='where the files go (%(default)s)')
    command.add_argument('--save', metavar='MODEL', help='where the network goes (model.json beside the other files)')
    command.set_defaults(run=_train)


def _add_predict(commands: Any) -> None:
    about = 'predict the target for each row of a CSV file'
    more = """

The columns are found by their names, in any order; those that the network does not know,
the target too, do not matter. It prints CSV: the target and, of a classifier, the
probability that the network gives to this class.
"""
    command = add_command(commands, 'predict', about, PREDICT_EXAMPLES, more)
    command.add_argument('model', metavar='MODEL', help='what micrograd train saved')
    command.add_argument('file', metavar='FILE', help='a CSV file')
    command.add_argument('-o', '--output', metavar='FILE', help='write the predictions there, and print nothing')
    _add_delimiter(command)
    command.set_defaults(run=_predict)


def _add_delimiter(command: Any) -> None:
    about = "what stands between two cells: a character such as ';', or the word tab (%(default)s)"
    command.add_argument('--delimiter', metavar='CHARACTER', type=delimiter, default=',', help=about)


def _demo(words: argparse.Namespace) -> int:
    from micrograd import demo  # which loads what training and drawing need

    demo.run(out=words.out, seed=words.seed)
    return DONE


def _digits(words: argparse.Namespace) -> int:
    from micrograd import digits  # which loads what training and drawing need
    from micrograd.data.handwriting import MissingDigitsError

    try:
        digits.run(
            words.out,
            data=words.data,
            hidden=words.hidden,
            epochs=words.epochs,
            batch_size=words.batch_size,
            eta=words.eta,
            cost=words.cost,
            seed=words.seed,
            initialisation=words.initialisation,
        )
    except MissingDigitsError as error:
        raise DataError(f'{error.problem}. {SEE_DATA}') from None
    return DONE


def _train(words: argparse.Namespace) -> int:
    from micrograd import tabular  # which loads what training and drawing need

    tabular.run(
        words.file,
        words.target,
        out=words.out,
        save_as=words.save,
        hidden=words.hidden,
        epochs=words.epochs,
        batch_size=words.batch_size,
        lr=words.lr,
        lmbda=words.lmbda,
        task=words.task,
        missing=words.missing,
        ignore=words.ignore,
        test=words.test,
        seed=words.seed,
        delimiter=words.delimiter,
    )
    return DONE


def _predict(words: argparse.Namespace) -> int:
    from micrograd import tabular  # which loads what prediction needs

    tabular.write_predictions(words.model, words.file, words.output, delimiter=words.delimiter)
    return DONE
