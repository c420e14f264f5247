# Two stages: wheels are chosen by hash in the first, the second holds nothing but Python, them and us.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/ingestd
COPY requirements.txt ./
RUN /opt/ingestd/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY ingestd ingestd
RUN /opt/ingestd/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index .

FROM python:3.13-slim-bookworm
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
# Settings: the environment (INGESTD_STORE_URL ...), or a file: docker run ... ingestd run -c /etc/ingestd.yaml
ENTRYPOINT ["ingestd"]
CMD ["run"]
