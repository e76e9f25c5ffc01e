#!/bin/sh
# Audits the tenant against a partner file and keeps the evidence.
#
#   audit.sh FILE.csv EVIDENCE_DIR
#
# Silent when the tenant is as the file says, so cron mails nothing. Otherwise
# it says on standard error what to do, and it always exits with the code of
# bulksync. Credentials come from the environment; see the README.
set -u

# Not 2, which would say that the tenant differs.
[ $# -eq 2 ] || { echo "usage: audit.sh FILE.csv EVIDENCE_DIR" >&2; exit 1; }
file=$1
evidence=$2
out=$evidence/$(date -u +%Y-%m-%dT%H%M%SZ)
mkdir -p "$evidence" || exit 1
summary=$(bulksync audit "$file" --out-dir "$out" --quiet --format text)
code=$?

case $code in
0) exit 0 ;;
2) echo "bulksync: the tenant differs from $file; the report is in $out" ;;
5) echo "bulksync: the tenant could not be read completely: nothing is proven, run it again" ;;
*) echo "bulksync: the audit did not run (exit code $code); the reason stands above" ;;
esac >&2
[ -z "$summary" ] || printf '%s\n' "$summary" >&2
exit $code
