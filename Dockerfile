# One image for every role. The first stage builds, the second runs: it holds what
# requirements-run.lock names, the program, and nothing to build or install with.
FROM python:3.11.14-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/build && python -m venv --without-pip /opt/wirewatch
WORKDIR /src
COPY requirements-build.lock requirements-run.lock ./
RUN /opt/build/bin/pip install --require-hashes -r requirements-build.lock \
 && /opt/build/bin/pip --python /opt/wirewatch/bin/python install \
      --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md ./
COPY monitor ./monitor
COPY agents ./agents
RUN /opt/build/bin/pip wheel --no-deps \
      --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/wirewatch/bin/python install --no-deps /wheels/*.whl \
 && /opt/wirewatch/bin/python -m compileall -q /opt/wirewatch/lib

FROM python:3.11.14-slim-trixie
LABEL org.opencontainers.image.title="Wirewatch" \
      org.opencontainers.image.description="An event-stream monitor for news, with alerting"
ENV PATH=/opt/wirewatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WIREWATCH_CONFIG=/etc/wirewatch/alerts.yaml \
    WIREWATCH_DATA_DIR=/var/lib/wirewatch \
    WIREWATCH_LISTEN=0.0.0.0:8480 \
    WIREWATCH_LOG_FORMAT=logfmt
RUN install -d -o 10001 -g 10001 -m 0750 /var/lib/wirewatch
COPY --from=build /opt/wirewatch /opt/wirewatch
# A number, so that Kubernetes can tell that it is not root.
USER 10001:10001
# The only place it writes to, beside /tmp; the rest may be read-only.
WORKDIR /var/lib/wirewatch
VOLUME /var/lib/wirewatch
EXPOSE 8480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["wirewatch", "health"]
ENTRYPOINT ["wirewatch"]
CMD ["run"]
