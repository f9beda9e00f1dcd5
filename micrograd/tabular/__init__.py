"""`micrograd train` and `micrograd predict`: a network learns from a CSV file, and predicts for the rows of another."""

from micrograd.tabular.prediction import predict, write_predictions
from micrograd.tabular.training import Trained, run, train

__all__ = ['Trained', 'predict', 'run', 'train', 'write_predictions']
