"""What `celery -A evaluation.celery_app` loads: the application is made, then its Celery is found here."""

from evaluation import create_app
from evaluation.extensions import celery

create_app()

__all__ = ["celery"]
