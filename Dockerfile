ARG PYTHON=3.13-slim-bookworm
FROM python:${PYTHON} AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/home-exporter && \
    /opt/home-exporter/bin/pip install --no-cache-dir .

FROM python:${PYTHON}
COPY --from=build /opt/home-exporter /opt/home-exporter
# As variables, so that arguments to the container do not take them away.
ENV HOME_EXPORTER_CONFIG_FILE=/etc/home-exporter/exporter.yml \
    HOME_EXPORTER_LISTEN_ADDRESS=:10874
USER 65532:65532
EXPOSE 10874
ENTRYPOINT ["/opt/home-exporter/bin/home-exporter"]
