package desired

// With gives a row the values of properties, each after its path.
func With(r Row, pathsAndValues ...any) Row {
	for i := 0; i < len(pathsAndValues); i += 2 {
		c := columnOf(pathsAndValues[i].(string))
		switch value := pathsAndValues[i+1].(type) {
		case string:
			r.Values.texts[textIndex(c)] = value
		case bool:
			r.Values.switches[c] = map[bool]int8{true: 1, false: -1}[value]
		}
	}
	return r
}

// Trim removes stray characters from both ends of a cell.
var Trim = trimCell
