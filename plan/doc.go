// Package plan turns what is wanted and what is there into a plan: the list of
// changes that would make one the other, and nothing that carries them out.
//
// The flow is one way, and each step is a file here:
//
//	ReadRows, ReadTemplate    what is wanted, as people write it
//	ReadCurrent               what is there: one paged list, never a read per partner;
//	                          the template and domain names where they are asked for
//	Build                     the comparison, a pure function of the two
//	Plan.Encode, Decode       the file that a board reads and that apply runs
//	Change.Judge              whether a change still fits what is there now
//	Compare                   the same comparison told as findings, for an audit
//
// The package owns the vocabulary (create, update, delete, no-op, blocked; the
// hazards) and the plan file's format. It never writes to Graph, never prints
// and opens no file.
//
// Its invariant: a plan is data. Each request in it follows from the change
// that it belongs to, and so do the hazards; Decode refuses a file in which they
// do not, or that says anything that Build and Revert would never have written;
// the fingerprint covers every byte that could alter what is run. What a person
// has read is therefore what package execute sends, and what Decode accepts no
// later step refuses.
//
// Package graph below supplies the reads; package execute runs a plan and
// package report shows it.
package plan
