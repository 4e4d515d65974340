ARG PYTHON=3.13-slim-bookworm
FROM python:${PYTHON} AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/home-exporter && \
    /opt/home-exporter/bin/pip install --no-cache-dir .

FROM python:${PYTHON}
COPY --from=build /opt/home-exporter /opt/home-exporter
RUN install -d -o 65532 -g 65532 -m 700 /var/lib/home-exporter
# As variables, so that arguments to the container do not take them away.
ENV HOME_EXPORTER_CONFIG_FILE=/etc/home-exporter/exporter.yml \
    HOME_EXPORTER_LISTEN_ADDRESS=:10874 \
    STATE_DIRECTORY=/var/lib/home-exporter
USER 65532:65532
VOLUME /var/lib/home-exporter
EXPOSE 10874
ENTRYPOINT ["/opt/home-exporter/bin/home-exporter"]
