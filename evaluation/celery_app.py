"""What `celery -A evaluation.celery_app` loads: the application is made, then its Celery is found here."""

import warnings

from evaluation import create_app
from evaluation.extensions import celery

# Messages are JSON only, so a worker of root takes no code from the broker.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
create_app()

__all__ = ["celery"]
