// Package desired reads what people want of a tenant: a CSV of partners and a
// JSON file for the template. It checks everything, and reports all problems at
// once with file, line and column.
//
//	ReadRows       a CSV as spreadsheets write it, checked as a stream
//	Rows.Resolve   a tenant ID for each domain name, and duplicates merged
//	ReadTemplate   the body of the documented PATCH, and nothing else
//	Exporter       the way back: a tenant as a CSV of which a plan is empty
//	Faults         the rows with problems, to be corrected and read again
//
// The package owns the managed properties, in one table (property.go): a new one is
// an entry there. It sends no request, prints nothing and opens no file.
//
// Its invariant: no row, cell or byte is dropped in silence. Everything that is
// read becomes a row, a notice or a problem, and the input is kept unchanged, so
// that it can be written again.
//
// Below, package graph has the types of what Graph returns, from which the values
// of properties are read. Above, package plan compares what is wanted with what
// is there.
package desired
