// Package report tells people and machines what a plan would do, what a run did,
// what an audit found, and what is known of the tenants of a fleet.
//
// Each of Plan, Run, Audit and Fleet writes one document in one of five formats, an
// audit in three more and a fleet in one. JSON and CSV are for programs: a run's JSON
// is its summary, its CSV the outcomes. Text, Markdown and HTML are for people and are
// drawn from one page: verdict, facts, what needs attention, rows. Text and Markdown
// are bounded and say what they left out; HTML holds every row, in one file that loads
// nothing from anywhere. A CSV that is left for people is written as the input was
// (Options.LikeInput), so that the same spreadsheet opens both; FailedRows writes the
// rows of the input that are to be planned again. History is the index page of a store
// of audits. JUnit, SARIF and GitHub tell build servers what an audit found, and JUnit
// what became of a fleet; Metrics tells a monitor, Notification a chat, and Queries
// asks Microsoft's logs.
//
// The package owns the wording, the layout and the advice: one table has the
// next step for the outcomes of a run and, through Advise, for the errors of a
// command. It decides nothing: it never reads Graph, opens no file, uses no
// clock and does not look at the terminal; width and colour come from the
// caller. The same input gives the same bytes.
//
// Its invariants: totals add up, or there is an error and no report; a report
// claims nothing that was not seen, and never counts partners as changes; and
// text from a file, a token or the network stays text, whatever it holds. Clean
// and OneLine, which the commands use as well, make control, direction and
// invisible characters visible; each format escapes the rest for itself. Cells
// that a spreadsheet would run as a formula get a leading apostrophe, except
// for the input's own cells in failed.csv, which must stay as they were.
//
// Packages plan, plan/audit, execute/journal and internal/fleet below own the
// vocabulary; cmd/bulksync decides where a report goes.
package report
