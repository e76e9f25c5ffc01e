package desired_test

import (
	"strings"
	"testing"

	"bulksync/plan/desired"
)

// errorValues are what spreadsheets write instead of a value, by language.
var errorValues = strings.Fields(`
#N/A #REF! #NAME? #VALUE! #DIV/0! #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #FIELD! #BLOCKED! #CONNECT! #UNKNOWN! #BUSY! #ERROR! #MACRO?
#NV #WERT! #BEZUG! #ZAHL! #ÜBERLAUF! #KALK! #DATEN_ABRUFEN
#VALEUR! #NOM? #NOMBRE! #NUL! #PROPAGATION! #OBTENTION_DONNEES #N/D
#¡VALOR! #¡REF! #¿NOMBRE? #¡NUM! #¡NULO! #¡DIV/0! #¡DESBORDAMIENTO!
#VALORE! #RIF! #NOME? #VALOR! #NÚM!
#N/B #WAARDE! #VERW! #NAAM? #GETAL! #LEEG! #DEEL/0!
#N/D! #ARG! #ADR! #NAZWA? #LICZBA! #DZIEL/0!
#Н/Д #ЗНАЧ! #ССЫЛКА! #ИМЯ? #ЧИСЛО! #ПУСТО! #ДЕЛ/0!
#SAKNAS! #VÄRDEFEL! #REFERENS! #NAMN? #OGILTIGT! #DIVISION/0! #I/T #VÆRDI! #NAVN? #PUUTTUU! #ARVO! #VIITTAUS!
#NENÍ_K_DISPOZICI #DĚLENÍ_NULOU! #HIÁNYZIK #ÉRTÉK! #YOK #DEĞER! #BAŞV! #Δ/Υ #ΤΙΜΗ! #NEDOSTUPNÝ #N/V
#N/A_N/A #N/A-Field #SCHWAPP! #¿QUÉ? #HENTER_DATA #X/Y #### ########
Err:502 Err:508 Fehler:522`)

func TestErrorValuesAreRefusedInEachManagedColumn(t *testing.T) {
	const header = "tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,ensure,note,reason\n"
	for _, value := range errorValues {
		for _, cell := range []string{value, " " + value + "\u00a0", `"` + value + `"`} {
			row := strings.Join([]string{cell, cell, cell, cell, cell, cell, cell, cell}, ",")
			got := rowProblems(t, header+row+"\n")
			if n := strings.Count(got, "a spreadsheet's error value"); n != 6 || strings.Count(got, "\n") != 5 {
				t.Errorf("%s: %d of 6 managed cells are refused as error values:\n%s", cell, n, got)
			}
		}
	}
}

// TestErrorValuesAreKnownInAnyCase leaves out those that are known only by their
// form: in small letters they may be names.
func TestErrorValuesAreKnownInAnyCase(t *testing.T) {
	for _, value := range []string{"#n/a", "#N/A Requesting Data...", "#Ref!", "# N / A", "#value !", "#wert!", "#¿Nombre?", "#ссылка!", "#getting_data", "err:502", "ERR: 508", "Err : 502", "#div/0!"} {
		got := reported(t, "tenantId,name\n"+idA+","+value+"\n")
		if !strings.HasPrefix(got, `2:38: displayName is "`+value+`", a spreadsheet's error value`) {
			t.Errorf("%s: %q", value, got)
		}
	}
}

func TestFormulasAreRefusedInEachManagedColumn(t *testing.T) {
	for _, value := range []string{
		"=A2", "=VLOOKUP(A2;B:C;2)", "='My Sheet'!A2", "=1+1", "= A2", "{=A1:A3}", "=@A1", "+A2", "-$B$12", "+A1+B1", "+A1:B7", "+Sheet2!A2", "-'My Sheet'!$A$2",
		"@SUM(A1:A3)", "+SVERWEIS(A2;B:C;2)", "+cmd|'/C calc'!A0", "=cmd|' /C calc'!A0",
	} {
		got := reported(t, "tenantId;name;isSyncAllowed;ensure;note\n"+idA+`;"`+value+`";"`+value+`";"`+value+`";"`+value+"\"\n")
		if n := strings.Count(got, "a formula and not its value"); n != 3 || strings.Count(got, "\n") != 2 {
			t.Errorf("%s: %d of 3 managed cells are refused as formulas:\n%s", value, n, got)
		}
	}
	got := reported(t, "tenantId,name,note\n=\""+idA+"\",x,\n"+idA+",=VLOOKUP(\"x\"),\n\"b,\"\"c\",+A1,=A(\"x\")\n")
	for i, want := range []string{`2:1: tenantId is "=\"`, `3:38: displayName is "=VLOOKUP(\"x\")", a formula`, "4:13: a quote inside an unquoted cell: "} {
		if line := strings.Split(got, "\n")[i]; !strings.HasPrefix(line, want) {
			t.Errorf("formulas with quotes in them:\ngot  %s\nwant %s", line, want)
		}
	}
}

func TestNamesThatOnlyLookOddAreNames(t *testing.T) {
	for _, name := range []string{
		"+1 Consulting", "-K2- Sports", "@home", "@Home (Germany)", "+Plus+", "- none of these", "@A1 Telekom", "+49 30 1234", "#1 Partners", "#GoFurther!", "#hashtag",
		"# 7", "C# Guild", "Err: none", "Error:502 Ltd", "Fehler", "E", "##", "=", "A1", "Null & Söhne", "None of Us", "N/A Records", "Loading Dock", "Nandos", "NAB",
		"null0123456789 null0123456789",
	} {
		rows := readRows(t, "tenantId;name\n"+idA+";"+name+"\n")
		if got := known(t, rows)[0].DisplayName(); got != name || len(rows.Notices) > 0 {
			t.Errorf("%q: read as %q with notices %v", name, got, rows.Notices)
		}
	}
}

func TestNamesThatProgramsWriteForNoneAreNoticed(t *testing.T) {
	for _, name := range []string{"NULL", "null", " Null ", "(null)", "nan", "NaN", "None", "N/A", "n/a", "NA", "undefined", "Loading...", "Loading…", "Wird geladen...", "[object Object]", "0", `\N`, "#NULL"} {
		want := `2:38: displayName is "` + strings.ReplaceAll(strings.TrimSpace(name), `\`, `\\`) + `", which programs write where they have no name: correct it if the partner is not called so`
		if got := reported(t, "tenantId,name,note\n"+idA+","+name+","+name+"\n"); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func TestNumbersMadeOfIDsAreRefusedAsNumbers(t *testing.T) {
	for _, id := range []string{
		"1.23457E+31", "1,23457E+31", "8e30", "8E30", "1E+31", "-1.5E-7", "1.5", "12345", "1,5", "123456789012345000000000000000000000", "12345678901234500000000000000000",
		"1234567890123456789012345678901", "12 345 678 901 234 567", "12.345.678.901.234.567", "12,345,678,901,234,567",
	} {
		got := reported(t, "name;tenantId\nx;"+id+"\n")
		if !strings.HasPrefix(got, `2:3: tenantId "`+id+`" is a number: a spreadsheet made that of the tenant ID`) || strings.Contains(got, "\n") {
			t.Errorf("%s: %s", id, got)
		}
	}
	for _, id := range []string{"12345678901234567890123456789012", "1234567890123456789012345678e012", "1e000000-0000-0000-0000-000000000000", "163.com"} {
		if got := reported(t, "tenantId\n"+id+"\n"); got != "" {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// TestCellsThatAreWrittenStayWhatTheyWere writes cells that a reader could take
// for a comment as the first cell of a row.
func TestCellsThatAreWrittenStayWhatTheyWere(t *testing.T) {
	for _, note := range []string{"#", "# a", "#N/A", "#,b", "# a\nb", "sep=;", `#"`} {
		var file strings.Builder
		d := desired.Dialect{Delimiter: ",", Encoding: "utf-8", Newline: "\n"}
		if err := d.Write(&file, [][]string{{"note", "tenantId"}, {note, idA}}); err != nil {
			t.Fatal(err)
		}
		if got := readRows(t, file.String()); len(known(t, got)) != 1 || known(t, got)[0].Note != note {
			t.Errorf("%q is written as %q and read as %+v", note, file.String(), known(t, got))
		}
	}
}
