"""For WSGI servers: `gunicorn wsgi:app`; settings come from the folder that INTELHUB_VAR names."""

from intelhub.app import create_app

app = create_app()
