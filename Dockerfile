# Two stages: the first installs the service and converts the models, the second only runs it.
# docs/docker.md tells how to build and run it.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS builder

# Where pip takes torch from; empty: its own default, which on Linux is the CUDA build.
ARG TORCH_INDEX_URL=

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/manchete/bin:$PATH

RUN python -m venv /opt/manchete

# First, and by itself: it is the largest layer and the one that changes least.
RUN pip install ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "torch>=2.7,<2.14"

WORKDIR /build
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY service ./service
COPY benchmarks ./benchmarks
COPY prompts ./prompts
RUN pip install ".[feeds,postgres]"

RUN MANCHETE_HOME=/var/lib/manchete manchete models prepare


FROM python:${PYTHON_VERSION}-slim AS runtime

RUN groupadd --system --gid 10001 manchete \
    && useradd --system --uid 10001 --gid manchete --home-dir /var/lib/manchete --no-create-home \
        --shell /usr/sbin/nologin manchete

COPY --from=builder /opt/manchete /opt/manchete
COPY --from=builder --chown=manchete:manchete /var/lib/manchete /var/lib/manchete
COPY LICENSE NOTICE /usr/share/doc/manchete/

ENV PATH=/opt/manchete/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MANCHETE_HOME=/var/lib/manchete \
    MANCHETE_HOST=0.0.0.0

USER manchete
EXPOSE 8000

# urlopen raises, and python exits 1, when the answer is not a success.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('MANCHETE_PORT', '8000') + '/ready', timeout=4)"]

CMD ["manchete", "serve"]
