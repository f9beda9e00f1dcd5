"""Plots of a training and of what was learnt, as matplotlib Figures.

Nothing here touches pyplot, so it needs no display and leaves a program's own figures alone. The look does not depend
on the machine's matplotlib settings: the same numbers give the same picture.
"""

from micrograd.render.plots.activations import activation_histograms
from micrograd.render.plots.animations import Animation, training_animation
from micrograd.render.plots.backward import backward_animation
from micrograd.render.plots.curves import loss_curve
from micrograd.render.plots.estimates import linear_estimate
from micrograd.render.plots.figures import save_figure
from micrograd.render.plots.gradients import gradient_flow
from micrograd.render.plots.images import confusion_matrix, images
from micrograd.render.plots.network import network
from micrograd.render.plots.regions import decision_boundary
from micrograd.render.plots.slowness import slow_weights

__all__ = [
    'Animation',
    'activation_histograms',
    'backward_animation',
    'confusion_matrix',
    'decision_boundary',
    'gradient_flow',
    'images',
    'linear_estimate',
    'loss_curve',
    'network',
    'save_figure',
    'slow_weights',
    'training_animation',
]
