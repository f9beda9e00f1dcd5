"""Data to learn from: seeded point sets, handwritten digits, CSV and IDX files; and what is done before training.

>>> train, test = train_test_split(moons(100), test=0.2)
>>> len(train.inputs), len(test.inputs)
(80, 20)
"""

from micrograd.data.handwriting import Digits, digits
from micrograd.data.idx import IdxArray, read_idx
from micrograd.data.preparation import Standardiser, one_hot, standardise, train_test_split
from micrograd.data.sets import Dataset, blobs, circles, moons, spirals, xor
from micrograd.data.tables import Table, read_csv

__all__ = [
    'Dataset',
    'Digits',
    'IdxArray',
    'Standardiser',
    'Table',
    'blobs',
    'circles',
    'digits',
    'moons',
    'one_hot',
    'read_csv',
    'read_idx',
    'spirals',
    'standardise',
    'train_test_split',
    'xor',
]
