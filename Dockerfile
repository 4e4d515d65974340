# A tag that does not move. A maintainer who wants its bytes pinned too appends the digest that
# `docker buildx imagetools inspect` prints for it: ...-trixie@sha256:...
ARG BASE=docker.io/library/python:3.13.12-slim-trixie

FROM ${BASE} AS build
# Two environments: the one that is built with stays here, the one that is shipped has no pip.
RUN python -m venv /opt/build && \
    python -m venv --without-pip /opt/home-exporter && \
    install -d -m 700 /state
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN /opt/build/bin/python -m pip install --no-cache-dir --require-hashes --only-binary=:all: \
        --requirement requirements/build.txt && \
    /opt/build/bin/python -m pip --python /opt/home-exporter install --no-cache-dir \
        --require-hashes --only-binary=:all: --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter/ exporter/
RUN /opt/build/bin/python -m hatchling build --target wheel --directory dist && \
    /opt/build/bin/python -m pip --python /opt/home-exporter install --no-cache-dir \
        --no-index --no-deps dist/*.whl && \
    # On every platform that it is built for: all of it can be loaded.
    /opt/home-exporter/bin/python -W error -c 'import exporter.app'

FROM ${BASE}
ARG BASE
LABEL org.opencontainers.image.title="home-exporter" \
      org.opencontainers.image.description="Prometheus exporter for smart homes: Homely and WallyHome" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/home-exporter /opt/home-exporter
COPY --from=build --chown=65532:65532 /state /var/lib/home-exporter
# As variables, so that arguments to the container do not take them away.
ENV HOME_EXPORTER_CONFIG_FILE=/etc/home-exporter/exporter.yml \
    HOME_EXPORTER_LISTEN_ADDRESS=:10874 \
    STATE_DIRECTORY=/var/lib/home-exporter
USER 65532:65532
VOLUME /var/lib/home-exporter
EXPOSE 10874
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["/opt/home-exporter/bin/home-exporter", "healthcheck"]
ENTRYPOINT ["/opt/home-exporter/bin/home-exporter"]
