// Package report says to people and to machines what a plan would do, what a
// run did and what an audit found.
//
// Each of Plan, Run and Audit writes one document in one of five formats. JSON
// and CSV are for programs: a run's JSON is its summary, its CSV the outcomes.
// Text, Markdown and HTML are for people and are drawn from one page: verdict,
// facts, what needs attention, rows. Text and Markdown are bounded and say what
// they left out; HTML holds every row, in one file that loads nothing from
// anywhere. Outcomes and FailedRows write the two CSV files of a run folder.
//
// The package owns the wording, the layout and the advice: one table says the
// next step for the outcomes of a run and, by Advise, for the errors of a
// command. It decides nothing: it never reads Graph, opens no file, asks no
// clock and looks at no terminal; width and colour come from the caller. The
// same input gives the same bytes.
//
// Its invariants: totals add up, or there is an error and no report; nothing is
// said that was not seen, and partners are never counted as changes; and text
// that came from a file, a token or the network stays text, whatever it holds.
// Clean and OneLine, which the commands use as well, make control, direction
// and invisible characters visible; each format escapes the rest for itself.
// Cells that a spreadsheet would run as a formula get a leading apostrophe,
// except for the input's own cells in failed.csv, which must come out as they
// went in.
//
// Packages plan, plan/audit and execute/journal below own the vocabulary;
// cmd/bulksync decides where a report goes.
package report
