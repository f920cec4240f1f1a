"""What `celery -A evaluation.celery_app` loads: the application is made and may serve, then its Celery is found here."""

import warnings

from evaluation import create_app, startup
from evaluation.extensions import celery

# Messages are JSON only, so a worker of root takes no code from the broker.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
startup.require(create_app(), patience=startup.PATIENCE)

__all__ = ["celery"]
