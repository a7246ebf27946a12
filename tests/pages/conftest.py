import pytest

from tests.pages import names


@pytest.fixture(scope="module")
def page(request):
    """What the page has computed when its last cell has run: `page.NAME` for each of its names."""
    return names.of(request.path, request.config)
