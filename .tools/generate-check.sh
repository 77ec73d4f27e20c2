#!/usr/bin/env bash
# Generates in a copy of the work tree and compares, so that work in progress is neither lost nor judged by what is
# committed: the question is whether generated code fits the schema beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
task=$(realpath "$(command -v "${1:-.tools/bin/task}")")

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/tree"
git ls-files -z --cached --others --exclude-standard --deduplicate |
  while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
  tar --create --null --files-from=- | tar --extract --directory="$copy/tree"
ln -s "$PWD/.tools/node_modules" "$PWD/.tools/bin" "$PWD/.tools/third_party" "$copy/tree/.tools/"

# The copy's history stands outside of it, so that go finds no repository to stamp.
cd "$copy/tree"
in_copy() { git --git-dir="$copy/git" --work-tree=. -c core.autocrlf=false "$@"; }
in_copy init --quiet
printf '%s\n' .tools/node_modules .tools/bin .tools/third_party .task >>"$copy/git/info/exclude"
in_copy add --all

"$task" generate:code >"$copy/log" 2>&1 || {
  cat "$copy/log"
  echo "generate:check: generating failed, see above" >&2
  exit 1
}

changed=$(in_copy diff --no-renames --name-status && in_copy ls-files --others --exclude-standard | sed 's/^/A\t/')
if [ -n "$changed" ]; then
  in_copy --no-pager diff --no-color --stat
  {
    printf 'generate:check: these files are not what generating writes (M changed, A missing, D left over):\n%s\n' "$changed"
    echo "Run \`.tools/task generate\` and commit the result with the change that caused it."
  } >&2
  exit 1
fi
echo "generated code is up to date"
