"""What gunicorn and `flask` load; gunicorn only where nothing forbids to serve."""

from evaluation import create_app, startup

app = create_app()
if startup.served():
    startup.require(app)
