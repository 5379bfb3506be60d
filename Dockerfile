# The service in one image: pages, workers, clock and a private Valkey, or one of them by another command.
#
#   docker build --tag coffee-rounds .
#
# compose.yaml runs it with PostgreSQL and Valkey beside it; docs/operating.md tells the rest.

FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY scheduler scheduler
COPY templates templates
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && python -m venv /opt/coffee-rounds \
 && /opt/coffee-rounds/bin/pip install --no-cache-dir --only-binary :all: --constraint constraints.txt \
      "$(ls /wheels/*.whl)[embedded,postgres]"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin coffee \
 && install --directory --owner=coffee --group=coffee --mode=0700 /data
COPY --from=build /opt/coffee-rounds /opt/coffee-rounds
ENV PATH=/opt/coffee-rounds/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    DATA_DIR=/data \
    PORT=8000
WORKDIR /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import http.client, os, sys; asked = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=8); asked.request('GET', '/readyz'); answer = asked.getresponse(); print(answer.read().decode()); sys.exit(answer.status != 200)"]
CMD ["coffee-rounds", "run"]
