// Package rundir keeps one run in one folder.
//
// It owns the content of the folder, who may work in it, and its integrity: a
// run begins with its plan and an empty journal on disk or leaves nothing
// behind, one process at a time continues it, and a journal is continued
// without the line that was torn when the previous process died. It knows plans
// and journals, but not what a report looks like: reports come as names with
// functions that render them. The command line decides what its errors mean to
// a person.
//
// The files of a run:
//
//	plan.json, journal.jsonl       what was to be done, and what came of it
//	decisions/                     who approved it, with the signatures
//	outcomes.csv, failed.csv       one line a change; the input's rows that need another run
//	report.md, report.html         for people
//	summary.json                   for machines
//	undo.json                      the plan that reverts it
//	queries.kql                    what to ask Microsoft's logs
//	.lock                          held by the process that writes here
//
// The first three are the truth; the others follow from the first two.
package rundir
