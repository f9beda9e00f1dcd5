"""What micrograd.data offers, and what it needs for it."""

import subprocess
import sys
from types import ModuleType

import micrograd.data


def test_the_public_names():
    names = {name for name, item in vars(micrograd.data).items() if not isinstance(item, ModuleType)}
    assert sorted(name for name in names if not name.startswith('_')) == sorted(micrograd.data.__all__)
    assert {'Dataset', 'moons', 'one_hot', 'read_csv', 'read_idx', 'standardise', 'train_test_split'} <= names


def test_the_package_needs_no_other():
    program = (
        'import sys, micrograd.data; print(sorted({"numpy", "matplotlib", "graphviz", "tqdm"} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'
