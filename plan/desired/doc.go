// Package desired reads what people want of a tenant: a CSV of partners and a
// JSON file for the template. It checks all of it, and tells every problem at once
// with file, line and column.
//
//	ReadRows       a CSV as spreadsheets write it, checked as a stream
//	Rows.Resolve   a tenant ID for each domain name, and duplicates merged
//	ReadTemplate   the body of the documented PATCH, and nothing else
//
// The package owns the columns and the managed properties. It asks nobody,
// prints nothing and opens no file.
//
// Its invariant: no row, cell or byte is dropped in silence. What is read
// becomes a row, a notice or a problem, and the input is kept as it came, so that
// it can be written again.
//
// Package plan above compares what is wanted with what is there.
package desired
