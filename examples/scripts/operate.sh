#!/bin/sh
# Operates runs from a script: start, wait, branch on the exit code, cancel in bulk, read page by page, keep and delete what has ended.
# Run it in the folder of a project that `pyworkflow quickstart` wrote. No worker has to be alive: it brings its own.
#
# Data is on stdout and everything else on stderr, so whatever is captured here is data.
set -eu

# 1. Start. In a pipe nothing waits, and plain is the id alone. The key makes a second call harmless: it names the same run.
run=$(pyworkflow workflows run process_order --arg orderId=ORD-7 --arg amount=49.99 --idempotency-key order-7 --no-wait --output plain)
echo "started $run"

# 2. Execute what is due, and wait. Elsewhere a `worker run` that stays would do the first.
pyworkflow worker run --processes 1 --drain --no-scheduler --quiet > /dev/null &
worker=$!

# 3. Branch on what became of it. `|| code=$?` keeps set -e from ending the script.
code=0
pyworkflow runs wait "$run" --timeout 60s --quiet > /dev/null || code=$?
case $code in
  0) echo "completed: $(pyworkflow runs result "$run" --output jsonl)" ;;
  3) echo "failed or cancelled:"; pyworkflow runs logs "$run" --filter failed ;;
  6) echo "still under way; it goes on without us" ;;
  *) exit "$code" ;;
esac
wait "$worker"

# 4. A mistyped id is exit code 4, and with --output json the error is the last line of stderr, a document.
if ! error=$(pyworkflow runs status run_nonesuch --output json 2>&1 > /dev/null); then
  echo "refused: $(printf '%s' "$error" | tail -n 1 | node -p 'JSON.parse(fs.readFileSync(0)).error.code')"
fi

# 5. Cancel in bulk. Without a terminal nothing asks: --yes says it, --dry-run only counts.
for order in 8 9 10; do
  pyworkflow workflows run send_notification --arg userId=ada --arg message="order $order" --no-wait --output plain > /dev/null
done
echo "would cancel $(pyworkflow runs cancel --workflow send_notification --dry-run --output plain | wc -l | tr -d ' ')"
pyworkflow runs cancel --workflow send_notification --reason "sent by letter" --wait --yes --output plain > /dev/null
echo "left alive: $(pyworkflow runs list --workflow send_notification --status pending --status running --status suspended --all --output plain | wc -l | tr -d ' ')"

# 6. Every page of a long list: the last id is the cursor of the next.
cursor=$(pyworkflow runs list --limit 2 --output plain --quiet | tail -n 1)
pages=1
while page=$(pyworkflow runs list --limit 2 --cursor "$cursor" --output plain --quiet) && [ -n "$page" ]; do
  cursor=$(printf '%s\n' "$page" | tail -n 1)
  pages=$((pages + 1))
done
echo "read $pages pages of two"

# 7. Keep a run's whole history outside of the store; `runs import` takes it back, under the same id.
bundle=$(mktemp)
pyworkflow runs export "$run" > "$bundle"
echo "exported $(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).runs[0].events.length > 0 ? "a whole history" : "nothing"' "$bundle")"

# 8. Delete what ended long ago. Plain output is how many runs that were; --dry-run only counts them.
echo "pruned $(pyworkflow runs prune --older-than 30d --yes --quiet --output plain)"
echo "imported $(pyworkflow runs import "$bundle" --output jsonl | node -p 'JSON.parse(fs.readFileSync(0)).action')"
rm "$bundle"
