import pytest
from application_in_c import Host, Machine, emulated

from microface.chip.targets import Target


@pytest.fixture(scope="session", params=["host", "stm32h743zi"])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """This computer with the undefined-behaviour sanitizer, and an emulated M7."""
    folder = tmp_path_factory.mktemp("application")
    if request.param == "host":
        return Host(folder)
    pytest.importorskip("unicorn")
    return emulated(folder, Target.load(request.param))


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(tmp_path_factory.mktemp("application"))
