package desired

import (
	"errors"
	"strings"

	"golang.org/x/text/unicode/norm"
)

var errNoSwitch = errors.New("use true/false, yes/no, on/off or 1/0")

// parseBool reads the words that people use for on and off, and those that a
// spreadsheet writes for its truth values.
func parseBool(cell string) (bool, error) {
	switch strings.ToLower(cell) {
	case "true", "yes", "1", "on":
		return true, nil
	case "false", "no", "0", "off":
		return false, nil
	}
	if on, known := spokenBool(norm.NFC.String(strings.ToLower(cell))); known {
		return on, nil
	}
	return false, errNoSwitch
}

// spokenBool reads the truth values that a spreadsheet writes into a CSV in its own
// language, in lower case. They are the names that Excel's reference gives the
// functions TRUE and FALSE in that language; most of its other languages keep the
// English ones. No word means true in one language and false in another. Languages:
// German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian,
// Finnish, Polish, Czech, Hungarian, Turkish (whose small letter of I is ı), Russian.
func spokenBool(word string) (on, known bool) {
	switch word {
	case "wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "sant", "sand", "sann", "tosi", "prawda", "pravda", "igaz", "doğru", "истина":
		return true, true
	case "falsch", "faux", "falso", "onwaar", "falskt", "falsk", "usann", "epätosi", "fałsz", "nepravda", "hamis", "yanlış", "yanliş", "ложь":
		return false, true
	}
	return false, false
}
