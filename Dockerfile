FROM python:3.11-slim-bookworm AS build
WORKDIR /opt/concordat
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY manage.py pyproject.toml ./
COPY federation federation
COPY registry registry
COPY portal portal
COPY templates templates
COPY static static
RUN CONCORDAT_DEPLOYMENT=production STATIC_ROOT=/opt/concordat/staticfiles SECRET_KEY=only-for-collectstatic \
    .venv/bin/python manage.py collectstatic --no-input --skip-checks

FROM python:3.11-slim-bookworm
RUN useradd --system --no-create-home concordat
WORKDIR /opt/concordat
COPY --from=build /opt/concordat /opt/concordat
USER concordat
ENV PATH=/opt/concordat/.venv/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "128", "--workers-kill-timeout", "25", "portal.config.wsgi:application"]
