#!/bin/sh
# Audits the tenant against a partner file, keeps the evidence in a store, and
# proves the store.
#
#   audit.sh FILE.csv STORE [more flags of bulksync audit]
#
# Standard output is what bulksync verify proved, with the hash of each manifest:
# keep it on another machine, since it shows later that nobody wrote the store
# anew. Standard error is empty if there is nothing to look at, so that cron mails
# nothing; otherwise it says what to do. The exit code is the audit's, but 4 if the
# store was altered. Never try again after a 2: the finding would not be new any
# more, and a second audit would say 0.
#
# The flags that follow STORE win, such as --waivers waivers.csv, or --fail-on any
# to hear of old findings too. Credentials come from the environment; see the README.
set -u
umask 077

say() { printf 'bulksync: %s\n' "$*" >&2; }

# Not 2, which would say that the tenant differs.
[ $# -ge 2 ] || { say "usage: audit.sh FILE.csv STORE [more flags of bulksync audit]"; exit 1; }
file=$1
store=$2
shift 2

report=$(bulksync audit "$file" --evidence "$store" --fail-on new --require-readonly --quiet --format text "$@")
code=$?
case $code in
0) ;;
2) say "the tenant is not as $file says: read the report below; the evidence is in $store" ;;
4) say "the audit was refused, so nothing is known; the reason stands above" ;;
5) say "the tenant could not be read completely, so nothing is known: run the audit again" ;;
130 | 143) say "the audit was interrupted, so nothing is known: run it again" ;;
*) say "the audit did not run (exit code $code); the reason stands above" ;;
esac
[ $code -eq 0 ] || [ -z "$report" ] || printf '%s\n' "$report" >&2

[ -d "$store" ] || exit $code # the first audit kept nothing
proof=$(bulksync verify "$store")
verified=$?
if [ $verified -eq 0 ]; then
    printf '%s\n' "$proof"
    exit $code
fi
case $verified in
4) say "the evidence in $store is altered or not proved: leave it as it is, and find out who could write to it" ;;
*) say "the evidence in $store could not be verified (exit code $verified); the reason stands above" ;;
esac
[ -z "$proof" ] || printf '%s\n' "$proof" >&2
if [ $verified -eq 4 ] || [ $code -eq 0 ]; then code=$verified; fi
exit $code
