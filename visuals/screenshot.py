"""The one picture that needs a browser: `python -m visuals.screenshot`, with playwright and chromium."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
KEYS = ('Home', *'n' * 31)  # into the backward pass, where the error has come to the first layer


def main() -> None:
    """Open the page of the gallery, step to where the chain rule has several terms, and take a picture."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which('chromium'),
            headless=True,
            args=['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
            viewport={'width': 1280, 'height': 720},
            device_scale_factor=1.5,
        )
        page = context.new_page()
        page.goto((HERE / 'explorer.html').as_uri())
        page.locator('#levels button', has_text='neurons').click()
        page.evaluate('document.activeElement.blur()')  # no ring in the picture
        for key in KEYS:
            page.keyboard.press(key)
        page.screenshot(path=HERE / 'explorer.png')
        context.close()


if __name__ == '__main__':
    main()
