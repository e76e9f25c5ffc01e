package desired

import (
	"regexp"
	"strings"
	"unicode"
)

// checkComputed refuses an error value or a formula that a spreadsheet left in a
// cell instead of a value. The name is that of its column.
func checkComputed[N column | string](name N, cell string) error {
	switch {
	case !mayBeComputed(cell):
		return nil
	case isErrorValue(cell):
		return errorValueLeft.errorf("%s is %s, a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again",
			name, Quote(cell))
	case isFormula(cell):
		return formulaLeft.errorf("%s is %s, a formula and not its value: paste the values in place of the formulas and save the file again",
			name, Quote(cell))
	}
	return nil
}

// mayBeComputed spares nearly every cell a closer look.
func mayBeComputed(cell string) bool {
	if cell == "" {
		return false
	}
	switch cell[0] {
	case '#', '=', '+', '-', '@', '{':
		return true
	case 'E', 'e', 'F', 'f': // as in Err:502
		return len(cell) <= len("Fehler : 502") && strings.IndexByte(cell, ':') > 0
	}
	return false
}

// The forms of an error value in every language of Excel, Calc and Sheets, in
// capitals as they write it: #VALUE!, #¿NOMBRE?, #ДЕЛ/0!; #N/A, #Н/Д;
// #GETTING_DATA; the ### of a column that is too narrow; Err:502.
var errorShape = regexp.MustCompile(`^(?:#[¡¿]?[\p{Lu}\p{M}_./'’0-9]*\p{Lu}[\p{Lu}\p{M}_./'’0-9]*[!?]` +
	`|#\p{Lu}/\p{Lu}!?` +
	`|#[\p{Lu}\p{M}]+(?:_[\p{Lu}\p{M}]+)+!?` +
	`|#{3,}` +
	`|(?:ERR|ERROR|ERREUR|FEHLER|FOUT):5[0-9]{2})$`)

// isErrorValue reports whether a trimmed cell is a spreadsheet's error value.
// Letter case and stray spaces do not matter in known ones; an unknown one that
// only has the form must be in capitals, because #GoFurther! may be a name.
func isErrorValue(cell string) bool {
	if !mayBeComputed(cell) {
		return false
	}
	folded := strings.ToUpper(strings.Map(func(r rune) rune {
		if isStray(r) {
			return -1
		}
		return r
	}, cell))
	if isKnownError(folded) || strings.HasPrefix(folded, "#N/A") { // some add-ins append more
		return true
	}
	spoken := strings.HasPrefix(cell, "#") && strings.IndexFunc(cell, unicode.IsLower) >= 0
	return !spoken && len(folded) <= 64 && errorShape.MatchString(folded)
}

// isKnownError knows the error values by name: first those of Excel in English,
// then #NULL!, #DIV/0!, #VALUE!, #REF!, #NAME?, #NUM!, #N/A, #SPILL! and
// #GETTING_DATA in its other languages where they differ.
func isKnownError(folded string) bool {
	switch "#" + strings.TrimLeft(folded, "#¡¿") {
	case "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!",
		"#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!", "#MACRO?", "#ERROR!", "#CYCLE!",
		"#WERT!", "#BEZUG!", "#ZAHL!", "#NV", "#ÜBERLAUF!", "#KALK!", "#DATEN_ABRUFEN",
		"#NUL!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#PROPAGATION!", "#CALCUL!", "#CHAMP!", "#CONNEXION!", "#BLOQUE!", "#INCONNU!", "#CHARGEMENT_DONNEES", "#OBTENTION_DONNEES",
		"#NULO!", "#VALOR!", "#NOMBRE?", "#N/D", "#DESBORDAMIENTO!", "#OBTENIENDO_DATOS",
		"#VALORE!", "#RIF!", "#NOME?", "#NULLO!", "#NÚM!",
		"#LEEG!", "#DEEL/0!", "#WAARDE!", "#VERW!", "#NAAM?", "#GETAL!", "#N/B",
		"#ZERO!", "#DZIEL/0!", "#ARG!", "#ADR!", "#NAZWA?", "#LICZBA!", "#N/D!",
		"#ПУСТО!", "#ДЕЛ/0!", "#ЗНАЧ!", "#ССЫЛКА!", "#ИМЯ?", "#ЧИСЛО!", "#Н/Д",
		"#SKÄRNING!", "#DIVISION/0!", "#VÄRDEFEL!", "#REFERENS!", "#NAMN?", "#OGILTIGT!", "#SAKNAS!",
		"#VÆRDI!", "#VERDI!", "#REFERENCE!", "#NAVN?", "#I/T",
		"#TYHJÄ!", "#JAKO/0!", "#ARVO!", "#VIITTAUS!", "#NIMI?", "#LUKU!", "#PUUTTUU!", "#PUUTTUU",
		"#DĚLENÍ_NULOU!", "#HODNOTA!", "#ODKAZ!", "#NÁZEV?", "#ČÍSLO!", "#NENÍ_K_DISPOZICI",
		"#DELENIENULOU!", "#NÁZOV?", "#NEPLATNÝ!", "#NEDOSTUPNÝ",
		"#NULLA!", "#ZÉRÓOSZTÓ!", "#ÉRTÉK!", "#HIV!", "#NÉV?", "#SZÁM!", "#HIÁNYZIK",
		"#BOŞ!", "#SAYI/0!", "#DEĞER!", "#BAŞV!", "#AD?", "#SAYI!", "#YOK",
		"#ΚΕΝΟ!", "#ΔΙΑΙΡ./0!", "#ΤΙΜΗ!", "#ΑΝΑΦ!", "#ΟΝΟΜΑ?", "#ΑΡΙΘ!", "#Δ/Υ",
		"#DIJ/0!", "#VRIJEDNOST!", "#NAZIV?", "#BROJ!", "#NIČ!", "#DEL/0!", "#VREDN!", "#SKLIC!", "#IME?", "#ŠTEV!", "#N/V",
		"#VALOARE!", "#NUME?":
		return true
	}
	return false
}

// signedFormula matches a formula that begins with a sign: a call of a function,
// a reference to a cell of this sheet or another, or a call of a program (DDE). A
// name may begin with a sign, but is none of these.
var signedFormula = regexp.MustCompile(`(?s)^[-+@]+(?:\p{Lu}[\p{Lu}\p{Nd}._]*\(.*\)` +
	`|(?:(?:'[^']+'|[\p{L}\p{N}_.]+)!)?\$?[A-Z]{1,3}\$?[0-9]{1,7}(?:[-:+*/^&%]\$?[A-Z]{0,3}\$?[0-9]+)*` +
	`|[^|]+\|.+![^!]+)$`)

// isFormula reports whether a trimmed cell holds a formula, or one of an array.
func isFormula(cell string) bool {
	return len(cell) > 1 && cell[0] == '=' || strings.HasPrefix(cell, "{=") && strings.HasSuffix(cell, "}") || signedFormula.MatchString(cell)
}

// madeNumber matches what a spreadsheet makes of a tenant ID that looks like a
// number to it: with an exponent (1.23457E+31, or 1,23457E+31), as digits alone,
// in groups of three, or with zeros where its fifteen digits end.
var madeNumber = regexp.MustCompile(`^[-+]?(?:[0-9]+(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?` +
	`|[0-9]{1,3}(?:[ .,'’\x{A0}\x{202F}][0-9]{3}){4,})$`)

var roundedNumber = regexp.MustCompile(`^[0-9]{15}0{17}$`)

// isMadeNumber reports whether a tenantId cell is what a spreadsheet made of an
// ID. Thirty-two digits may be an ID without hyphens.
func isMadeNumber(cell string) bool {
	if len(cell) == 32 {
		return roundedNumber.MatchString(cell)
	}
	return madeNumber.MatchString(cell)
}

// isPlaceholder reports whether a name is what programs write if they have none.
// It may be a real name all the same.
func isPlaceholder(cell string) bool {
	var lower [17]byte // on the stack, because every name passes here
	if len(cell) > len(lower) {
		return false
	}
	for i := range len(cell) {
		lower[i] = cell[i]
		if c := cell[i]; 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	switch string(lower[:len(cell)]) {
	case "null", "(null)", "<null>", "[null]", "nil", "<nil>", "none", "nan", "n/a", "na", "n.a.", "undefined", `\n`, "0",
		"(none)", "(blank)", "(leer)", "#null", "#na", "[object object]", "system.object[]",
		"loading...", "loading…", "wird geladen...", "wird geladen…", "chargement...", "chargement…", "cargando...", "cargando…",
		"caricamento...", "caricamento…", "carregando...", "carregando…", "laden...", "laden…":
		return true
	}
	return false
}
