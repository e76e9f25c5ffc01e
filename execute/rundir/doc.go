// Package rundir keeps one run in one folder.
//
// It owns what the folder holds, who may work in it, and that it is whole: a run
// begins with its plan and an empty journal on the disk or leaves nothing behind,
// one process at a time goes on with it, and a journal is continued without the
// line that was torn when the process before died. It knows what a plan and a
// journal are, and never what a report looks like: reports come as names with
// functions that render them. What its errors mean to a person is the command
// line's.
//
// The files of a run:
//
//	plan.json, journal.jsonl       what was to be done, and what came of it
//	outcomes.csv, failed.csv       one line a change; the input's rows that need another run
//	report.md, report.html         for people
//	summary.json                   for machines
//	undo.json                      the plan that reverts it
//	.lock                          held by the process that writes here
//
// The first two are the truth; the others are made from them.
package rundir
