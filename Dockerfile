# One image for servers, workers and migrations: the command is `serve`, `work` or `migrate`.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/postgres.txt requirements/
RUN python -m venv /opt/backroom \
    && /opt/backroom/bin/pip install --no-cache-dir --require-hashes \
       -r requirements/run.txt -r requirements/postgres.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/backroom/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="backroom" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --create-home --home-dir /data backroom
COPY --from=build /opt/backroom /opt/backroom
ENV PATH=/opt/backroom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BACKROOM_HOST=0.0.0.0 \
    BACKROOM_DATABASE=/data/backroom.db
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 7227
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["backroom", "status"]
ENTRYPOINT ["backroom"]
CMD ["serve"]
