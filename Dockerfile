ARG PYTHON=3.13-slim-bookworm
FROM python:${PYTHON} AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/home-exporter && \
    /opt/home-exporter/bin/pip install --no-cache-dir .

FROM python:${PYTHON}
COPY --from=build /opt/home-exporter /opt/home-exporter
USER 65532:65532
EXPOSE 10874
ENTRYPOINT ["/opt/home-exporter/bin/home-exporter"]
CMD ["--config.file=/etc/home-exporter/exporter.yml", "--web.listen-address=:10874"]
