"""What gunicorn and `flask` load."""

from evaluation import create_app

app = create_app()
