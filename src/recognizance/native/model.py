"""The service model, for the server and for clients."""

from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.model import ServiceModel

NAME = "recognizance"
_DATA = Path(__file__).with_name("data")


@cache
def load_native_model() -> ServiceModel:
    """Load the model that the server answers by."""
    loader = Loader(include_default_search_paths=False)
    loader.search_paths.append(str(_DATA))
    return ServiceModel(loader.load_service_model(NAME, "service-2"), NAME)


def share_models(session: botocore.session.Session) -> None:
    """Let a session use the services' models that this process has read: reading takes longer than most requests."""
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))


@cache
def _loader(data_path: str | None) -> Loader:
    loader = create_loader(data_path)
    loader.search_paths.append(str(_DATA))
    return loader


def native_client(
    session: botocore.session.Session, endpoint: str, *, region: str, connections: int = 10, patient: bool = False
) -> Any:
    """Make a botocore client of our own operations, which signs with the session's credentials.

    Parameters
    ----------
    patient : bool
        For operations that may take hours: asked once, and waited for.
    """
    share_models(session)
    return session.create_client(
        NAME,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=5,
            read_timeout=86_400 if patient else 300,
            max_pool_connections=connections,
            retries={"max_attempts": 0 if patient else 5, "mode": "standard"},
            # Shapes are the server's to judge; judging them here too would give two kinds of message.
            parameter_validation=False,
            proxies={},
        ),
    )
