"""A browser for the tests of a module, and pages in which nothing may go wrong."""

import shutil

import pytest

from micrograd import explore
from tests import support

ARGUMENTS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
]
WATCH = """
window.fired = [];
document.addEventListener('securitypolicyviolation', event => fired.push(`${event.violatedDirective} ${event.sample}`));
"""


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    playwright_api = support.require('playwright.sync_api')
    chromium = shutil.which('chromium')
    if chromium is None:
        support._absent('chromium is not installed')
    with playwright_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp('profile'), executable_path=chromium, headless=True, args=ARGUMENTS
        )
        yield context
        context.close()


@pytest.fixture
def page(browser):
    """A new page; afterwards nothing may have run that should not, failed, or been fetched from elsewhere."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    complaints, requests = [], []
    page.on('console', lambda message: complaints.append(message.text))
    page.on('pageerror', lambda error: complaints.append(str(error)))
    page.on('dialog', lambda dialog: complaints.append(dialog.message))
    page.on('request', lambda request: requests.append(request.url))
    yield page
    assert page.evaluate('fired') == []
    assert complaints == []
    assert all(url.startswith('file://') for url in requests)
    page.close()


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    """Make a page once, however many tests look at it."""
    folder = tmp_path_factory.mktemp('pages')
    known = {}

    def save(make):
        if make not in known:
            roots = make()
            known[make] = roots, explore(roots).save(folder / f'{len(known)}.html')
        return known[make]

    return save


@pytest.fixture
def visit(page, saved):
    """Open the page of a graph; gives its roots and the page."""

    def open_page(make):
        roots, path = saved(make)
        page.goto(path.as_uri())
        return roots, page

    return open_page
