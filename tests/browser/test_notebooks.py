"""What a notebook shows, in JupyterLab, as a page of nbconvert, and in marimo, each the real program."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from micrograd import Value
from tests import support

expect = support.require('playwright.sync_api').expect
nbformat = support.require('nbformat')
for needed in ('nbclient', 'nbconvert', 'jupyterlab', 'marimo', 'anywidget'):
    support.require(needed)

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60_000  # milliseconds

SETTINGS = {  # of JupyterLab: no questions, and every cell in the page, even where it is not seen
    '@jupyterlab/apputils-extension/notification.jupyterlab-settings': '{"fetchNews": "false"}',
    '@jupyterlab/notebook-extension/tracker.jupyterlab-settings': '{"windowingMode": "none"}',
}
CELLS = [
    'from tests import graphs\nfrom micrograd import nn\nfrom micrograd.history import History\nv = graphs.neuron()\nv',
    "nn.MLP(2, [3, 1], activation='tanh', generator=0)",
    'History(losses=[0.9, 0.5, 0.4], times=[0.1] * 3, steps=30)',
    'graphs.hostile()',
    'graphs.chain(30_000)',
]
PLAY = """
import micrograd
micrograd.play(lambda w, x: (w * x).tanh() if x > 0 else 1 / (w * x), w=-3.0, x=(-1, 1, 0.5))
"""
MARIMO = f"""
import marimo
app = marimo.App()

@app.cell
def _():
    from tests import graphs
    graphs.neuron()
    return

@app.cell
def _():
    {PLAY.strip().replace(chr(10), chr(10) + '    ')}
    return

if __name__ == '__main__':
    app.run()
"""


# Programs ------------------------------------------------------------------------------------------------------------


@contextmanager
def served(command, path, folder, **environment):
    """The address of a server that a command starts on a free port: once it answers, until the block ends."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = sock.getsockname()[1]
    address = f'http://127.0.0.1:{port}'
    with (folder / 'server.log').open('w') as log:
        server = subprocess.Popen(
            [sys.executable, '-m', *(part.format(port=port) for part in command)],
            env={**os.environ, 'PYTHONPATH': str(ROOT), **environment},
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_server(server, address + path, folder / 'server.log')
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for_server(server, address, log):
    """Ask until it answers: a refused connection is refused at once, so ask a limited number of times a second."""
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f'the server ended: {log.read_text()[-2000:]}')
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(timeout=0.1)
    pytest.fail(f'the server did not answer: {log.read_text()[-2000:]}')


@pytest.fixture(scope='module')
def executed():
    """A notebook after all of its cells have run in a kernel."""
    from nbclient import NotebookClient

    notebook = notebook_of(CELLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', str(ROOT))
        NotebookClient(notebook, timeout=60).execute()
    return notebook


def notebook_of(cells):
    from nbformat import v4

    kernel = {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}
    return v4.new_notebook(
        cells=[v4.new_code_cell(source, id=f'cell{i}') for i, source in enumerate(cells)],
        metadata={'kernelspec': kernel},
    )


@pytest.fixture(scope='module')
def lab(tmp_path_factory, executed):
    """JupyterLab, with a notebook that it trusts, one that it does not trust, and one that has not run yet."""
    from nbformat.sign import NotebookNotary

    folder = tmp_path_factory.mktemp('lab')
    home = folder / 'home'
    for name, setting in SETTINGS.items():
        (home / 'settings' / name).parent.mkdir(parents=True, exist_ok=True)
        (home / 'settings' / name).write_text(setting)
    notebooks = folder / 'notebooks'
    notebooks.mkdir()
    nbformat.write(executed, notebooks / 'untrusted.ipynb')
    executed.metadata['note'] = 'a signature is of the content'
    nbformat.write(executed, notebooks / 'trusted.ipynb')
    nbformat.write(notebook_of([PLAY]), notebooks / 'play.ipynb')
    (home / 'data').mkdir()
    notary = NotebookNotary(data_dir=str(home / 'data'))
    for name in ('trusted.ipynb', 'play.ipynb'):
        notary.sign(nbformat.read(notebooks / name, as_version=4))
    command = (
        'jupyterlab', '--no-browser', '--allow-root', '--ServerApp.port={port}', '--ServerApp.port_retries=0',
        '--ServerApp.ip=127.0.0.1', '--IdentityProvider.token=', f'--ServerApp.root_dir={notebooks}',
    )  # fmt: skip
    homes = {
        f'{name}_DIR': str(home / where)
        for name, where in (
            ('JUPYTER_CONFIG', 'config'), ('JUPYTER_DATA', 'data'), ('JUPYTER_RUNTIME', 'runtime'),
            ('JUPYTERLAB_SETTINGS', 'settings'), ('JUPYTERLAB_WORKSPACES', 'workspaces'),
        )
    }  # fmt: skip
    with served(command, '/api/status', folder, IPYTHONDIR=str(home / 'ipython'), **homes) as address:
        yield address


@pytest.fixture(scope='module')
def marimo(tmp_path_factory):
    folder = tmp_path_factory.mktemp('marimo')
    (folder / 'notebook.py').write_text(MARIMO)
    command = (
        'marimo',
        '-q',
        'run',
        'notebook.py',
        '--headless',
        '--no-token',
        '--port',
        '{port}',
        '--host',
        '127.0.0.1',
    )
    home = {name: str(folder / name) for name in ('XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME')}
    with served(command, '/health', folder, **home) as address:
        yield address


# Browser -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(browser):
    """A page that reaches this machine only, in a notebook that decides itself whether it is light or dark."""
    page = browser.new_page()
    page.set_viewport_size({'width': 1000, 'height': 1200})
    page.emulate_media(color_scheme='no-preference')
    page.set_default_timeout(PATIENCE)
    page.add_init_script('window.fired = []')
    page.route(re.compile(r'^https?://(?!127\.0\.0\.1:)'), lambda route: route.abort())
    yield page
    assert all(frame.evaluate('window.fired') == [] for frame in page.frames)
    page.close()


def output(page, cell):
    """What is below a cell of JupyterLab."""
    return page.locator('.jp-Cell').nth(cell).locator('.jp-OutputArea-output')


def assert_explores(frame):
    """A click on a box of the neuron shows what it is."""
    frame.locator('g[data-key]', has_text='tanh').click()
    details = frame.locator('#node')
    details.get_by_text('0.7071').first.wait_for()
    assert 'tanh' in details.inner_text()


def assert_shows_what_runs_nowhere(page):
    """The table of a network, the curves of a training, and why there is no picture of a graph too large."""
    output(page, 1).get_by_text('MLP(2, [3, 1])').wait_for()
    assert output(page, 2).locator('img').evaluate('image => image.decode().then(() => image.naturalWidth)') > 300
    output(page, 4).get_by_text('this graph has more than 10,000 values').wait_for()


# JupyterLab ----------------------------------------------------------------------------------------------------------


def test_a_trusted_notebook_shows_the_explorer(lab, page):
    page.goto(f'{lab}/doc/tree/trusted.ipynb')
    shown = output(page, 0)
    assert_explores(shown.frame_locator('iframe'))
    assert shown.locator('img').count() == 0
    for is_light, paper in (('true', 'rgb(255, 255, 255)'), ('false', 'rgb(20, 24, 29)')):  # as JupyterLab's theme says
        page.evaluate('isLight => { document.body.dataset.jpThemeLight = isLight }', is_light)
        expect(shown.frame_locator('iframe').locator('body')).to_have_css('background-color', paper)
    assert_shows_what_runs_nowhere(page)


def test_a_notebook_that_is_not_trusted_shows_a_picture_and_runs_nothing(lab, page):
    page.goto(f'{lab}/doc/tree/untrusted.ipynb')
    shown = output(page, 0)
    image = shown.locator('img')
    image.wait_for()
    assert image.evaluate('image => image.decode().then(() => image.naturalWidth)') > 300
    assert 'trust the notebook' in image.get_attribute('alt')
    assert_shows_what_runs_nowhere(page)
    assert page.locator('.jp-OutputArea-output iframe').count() == 0


def test_moving_a_slider_in_jupyterlab_shows_what_python_computes(lab, page):
    page.goto(f'{lab}/doc/tree/play.ipynb')
    page.get_by_text('Python 3 (ipykernel) | Idle').wait_for()
    page.locator('.jp-Notebook .cm-content').first.click()
    page.keyboard.press('Shift+Enter')
    assert_plays(page)


# nbconvert -----------------------------------------------------------------------------------------------------------


def test_a_page_of_nbconvert_shows_the_explorer_without_a_network(executed, page, tmp_path):
    from nbconvert import HTMLExporter

    text, _ = HTMLExporter().from_notebook_node(executed)
    (tmp_path / 'notebook.html').write_text(text, encoding='utf-8')
    page.goto((tmp_path / 'notebook.html').as_uri(), wait_until='domcontentloaded')
    assert_explores(page.frame_locator('.jp-OutputArea-output iframe').first)
    assert page.locator('.jp-OutputArea-output img[src^="data:image/png"]').count() == 1


# marimo --------------------------------------------------------------------------------------------------------------


def test_marimo_shows_the_explorer(marimo, page):
    page.goto(marimo)
    assert_explores(page.frame_locator('iframe.micrograd-page'))


def test_moving_a_slider_in_marimo_shows_what_python_computes(marimo, page):
    page.goto(marimo)
    assert_plays(page)


# The widget ----------------------------------------------------------------------------------------------------------


def assert_plays(page):
    """Sliders change what the explorer shows, the branch that the function takes too, and an error is said."""
    frame = page.frame_locator('iframe.micrograd-frame:not(.micrograd-coming)')
    slider = page.get_by_role('slider', name='x', exact=True)
    expect_root(frame, 'tanh', (Value(-3.0) * 0.5).tanh().data)
    slider.fill('0.25')
    expect_root(frame, 'tanh', (Value(-3.0) * 0.25).tanh().data)
    slider.fill('-0.5')
    expect_root(frame, '/', 1.0 / (-3.0 * -0.5))
    page.get_by_role('spinbutton', name='w, typed').fill('2')
    expect_root(frame, '/', 1.0 / (2.0 * -0.5))
    page.get_by_role('button', name='Reset').click()
    expect_root(frame, 'tanh', (Value(-3.0) * 0.5).tanh().data)


def expect_root(frame, operation, data):
    """The box of the result has come to show it."""
    written = f'{data:.4f}'.replace('-', '−')
    frame.locator('g[data-key]').filter(has_text=operation).filter(has_text=written).first.wait_for()
