#!/usr/bin/env bash
# Builds the image and starts it: alone, and with PostgreSQL and Valkey beside it as compose.yaml says.
# Where no Docker engine can be reached it says so and ends well: tests/runtime/test_containers.py has run the
# same commands as processes, and tests/shape/test_containers.py has read both files.
set -euo pipefail
cd "$(dirname "$0")/../.."

has_compose() { docker compose version >/dev/null 2>&1; }

if has_compose; then
  BASE_URL=https://rounds.example.edu MAIL_FROM=rounds@example.edu docker compose config --quiet
  echo "docker-check: compose.yaml is well-formed."
fi
if ! docker info >/dev/null 2>&1; then
  echo "docker-check left out: no Docker engine can be reached here, so nothing was built or started."
  exit 0
fi

left_out() {
  echo "docker-check left out: $1, so nothing was built or started."
  exit 0
}

# An engine without a network builds nothing, and that is no fault of ours.
fetch() { docker image inspect "$1" >/dev/null 2>&1 || docker pull --quiet "$1" >/dev/null 2>&1; }
python=$(sed -n 's/^FROM \(python:[^ ]*\)$/\1/p' Dockerfile)
for image in "$python" $(sed -n 's/^ *image: \(.*:.*\)$/\1/p' compose.yaml); do
  fetch "$image" || left_out "the image $image cannot be fetched here"
done
docker run --rm "$python" pip download --quiet --no-deps --dest /tmp click >/dev/null 2>&1 ||
  left_out "containers reach no package index here"

folder=$(mktemp -d)
project=coffee-rounds-check-$$
alone=$project-alone
export BASE_URL=https://rounds.example.edu MAIL_FROM="Coffee Rounds <rounds@example.edu>"
compose() { docker compose --project-name "$project" --project-directory "$folder" --file compose.yaml "$@"; }

clean_up() {
  docker rm --force "$alone" >/dev/null 2>&1 || true
  if has_compose; then compose down --volumes --timeout 15 >/dev/null 2>&1 || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT

# The health check of the image is what is waited for, three minutes at most.
await() {
  for _ in $(seq 180); do
    case $(docker inspect --format '{{.State.Health.Status}}' "$1") in
      healthy) return 0 ;;
      unhealthy) break ;;
    esac
    sleep 1
  done
  docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' "$1" >&2
  docker logs --tail 50 "$1" >&2
  echo "docker-check: $1 did not become healthy." >&2
  exit 1
}

docker build --quiet --tag coffee-rounds .
secret=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')
docker run --detach --name "$alone" --env BASE_URL --env MAIL_FROM --env "SECRET_KEY=$secret" coffee-rounds >/dev/null
await "$alone"
test "$(docker exec "$alone" id -u)" != 0
echo "docker-check: the image alone is well, and does not run as root."

if ! has_compose; then
  echo "docker-check left out: docker has no compose here, so compose.yaml was not started."
  exit 0
fi
mkdir -m 700 "$folder/secrets"
password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(24))')
echo "$secret" >"$folder/secrets/secret_key"
echo "$password" >"$folder/secrets/database_password"
echo "postgresql://coffee:$password@postgres/coffee" >"$folder/secrets/database_url"
echo "maildir:///data/mail" >"$folder/secrets/smtp_url"
chmod 644 "$folder"/secrets/*
compose up --detach --no-build
await "$(compose ps --quiet web)"
compose exec --no-TTY worker coffee-rounds doctor || true
echo "docker-check: the services of compose.yaml are well."
