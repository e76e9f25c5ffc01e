// Package plan compares what is wanted with what is there, and lists the changes
// that lead from one to the other. It does not carry them out.
//
// The flow is one way:
//
//	ReadCurrent             what is there: one paged list, never a read per partner;
//	                        the template and domain names where they are asked for
//	CompareReadings         whether two readings agree on what an audit judges
//	Build                   the comparison with what is wanted, a pure function of the two
//	Plan.Encode, Decode     the file that a board reads and that apply runs
//	Change.CheckDrift       whether a change still fits what is there now
//	Change.Apply            what is there once a change was made
//	Revert                  the plan that takes a run back
//
// The package owns the vocabulary (create, update, delete, no-op, blocked) and
// the format of the plan file. It never writes to Graph, never prints and opens
// no file.
//
// Its invariant: a plan is data. Each request in it follows from its change, and
// so do the hazards. Decode refuses a file in which they do not, or that says
// anything that Build and Revert would never have written. The fingerprint covers
// every byte that could alter what is run. So what a person has read is what
// package execute sends, and no later step refuses what Decode accepts.
//
// Below, package desired reads what is wanted and owns the managed properties,
// package graph supplies the reads, and package seal the canonical JSON. Above,
// package execute runs a plan, package audit reports the comparison as findings,
// and package report shows both.
package plan
