// Package desired reads what people want of a tenant: a CSV of partners and a
// JSON file for the template. It checks all of it, and reports every problem at
// once with file, line and column.
//
//	ReadRows       a CSV as spreadsheets write it, checked as a stream
//	Rows.Resolve   a tenant ID for each domain name, and duplicates merged
//	ReadTemplate   the body of the documented PATCH, and nothing else
//
// The package owns the managed properties, in one table (property.go): a new one is
// an entry there. It sends no request, prints nothing and opens no file.
//
// Its invariant: no row, cell or byte is dropped in silence. Everything that is
// read becomes a row, a notice or a problem, and the input is kept as it came, so
// that it can be written again.
//
// Package graph below has the types of what Graph returns, from which the values
// of properties are read. Package plan above compares what is wanted with what is
// there.
package desired
