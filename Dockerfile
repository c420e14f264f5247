# Two stages: wheels are chosen by hash in the first, the second holds nothing but Python, them and us.
# Another base: docker build --build-arg PYTHON=python:3.13-slim-bookworm@sha256:... (docker buildx imagetools inspect tells the digest)
ARG PYTHON=python:3.13-slim-bookworm@sha256:01f42367a0a94ad4bc17111776fd66e3500c1d87c15bbd6055b7371d39c124fb
FROM ${PYTHON} AS build
WORKDIR /build
RUN python -m venv /opt/ingestd
COPY requirements.txt ./
RUN /opt/ingestd/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY ingestd ingestd
RUN /opt/ingestd/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index . \
    && /opt/ingestd/bin/pip uninstall --yes flit_core pip \
    && /opt/ingestd/bin/python -m compileall -q -j 0 /opt/ingestd/lib

FROM ${PYTHON}
LABEL org.opencontainers.image.title="ingestd" \
      org.opencontainers.image.description="Records sports odds" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/ingestd /opt/ingestd
# The only place that is written to; run with a read-only root, no capabilities, and a volume here.
RUN install -d -o 65532 -g 65532 -m 0750 /data
WORKDIR /data
USER 65532:65532
VOLUME /data
ENV PATH=/opt/ingestd/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 INGESTD_HTTP_HOST=0.0.0.0
EXPOSE 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["ingestd", "health"]
# Settings: the environment (INGESTD_STORE_URL ...), or a file: docker run ... ingestd run -c /etc/ingestd/ingestd.yaml
ENTRYPOINT ["ingestd"]
CMD ["run"]
