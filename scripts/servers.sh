# Installs what serves S3 (moto) and Azure Blob Storage (azurite) on the loopback to the tests, and names it to them.
# Where that cannot be, only those tests are skipped. Read in by `scripts/test`, which says what `say` is.

cache() {
  local folder="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/lakesmith/$1"
  mkdir -p "$folder" 2>/dev/null || { folder="$PWD/target/$1"; mkdir -p "$folder"; }
  printf '%s' "$folder"
}

moto() {
  if [ -n "${LAKESMITH_MOTO:-}" ]; then return; fi
  if ! command -v python3 >/dev/null; then say "no python3: the tests on S3 and Azure are skipped"; return; fi
  local venv pins stamp
  venv=$(cache moto)
  stamp="$venv/.requirements"
  pins=$(cat scripts/requirements-storage.txt)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$pins" ] || ! "$venv/bin/python" -c 'import moto.server' 2>/dev/null; then
    say "installing scripts/requirements-storage.txt into $venv"
    if ! { python3 -m venv --clear "$venv" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      -r scripts/requirements-storage.txt; } >&2; then
      say "pip cannot install scripts/requirements-storage.txt: the tests on S3 are skipped"
      return
    fi
    printf '%s\n' "$pins" > "$stamp"
  fi
  export LAKESMITH_MOTO="$venv/bin/python"
}

azurite() {
  if [ -n "${LAKESMITH_AZURITE:-}" ]; then return; fi
  if ! command -v python3 >/dev/null; then return; fi
  if ! command -v npm >/dev/null; then say "no npm: the tests on Azure are skipped"; return; fi
  local folder version=3.35.0
  folder=$(cache azurite)
  if ! grep -q "\"version\": \"$version\"" "$folder/node_modules/azurite/package.json" 2>/dev/null; then
    say "installing azurite $version into $folder"
    if ! npm install --prefix "$folder" --no-audit --no-fund --silent "azurite@$version" >&2; then
      say "npm cannot install azurite: the tests on Azure are skipped"
      return
    fi
  fi
  export LAKESMITH_AZURITE="$folder/node_modules/.bin/azurite-blob"
}

moto
azurite
