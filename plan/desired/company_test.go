package desired_test

import (
	"testing"

	"bulksync/plan/desired"
)

// The table of names that mean the same company, and of those that do not.
func TestAreAlike(t *testing.T) {
	for _, c := range []struct {
		name, directory, domain string
		want                    bool
	}{
		// the same, written differently
		{"Alder Mills", "Alder Mills", "aldermills.example", true},
		{"ALDER MILLS", "alder mills", "x.example", true},
		{"Alder Mills", "Alder Mills Ltd", "x.example", true},
		{"Alder Mills Ltd.", "Alder Mills Limited", "x.example", true},
		{"Müller GmbH", "MULLER", "x.example", true},
		{"Müller GmbH & Co. KG", "Müller", "x.example", true},
		{"Crédit Nord S.A.", "Credit Nord SA", "x.example", true},
		{"Credit Nord S. A.", "Crédit Nord", "x.example", true},
		{"Straße AG", "Strasse A.G.", "x.example", true},
		{"Ørsted A/S", "Orsted", "x.example", true},
		{"Müller GmbH", "Mueller GmbH", "x.example", true},
		{"Mueller GmbH", "M\u00fcller", "x.example", true},
		{"Mu\u0308ller", "MUELLER", "x.example", true},
		{"Åse & Søn", "Aase Soen", "x.example", true},
		{"Muller", "Mueller", "x.example", false},
		{"Nordvik Oy", "Nordvik Oyj", "x.example", true},
		{"Jansen B.V.", "Jansen BV", "x.example", true},
		{"Wide World Importers, Inc.", "Wide World Importers", "x.example", true},
		{"O'Neill", "ONeill", "x.example", true},
		{"O’Neill", "O'Neill", "x.example", true},
		{"Alder-Mills", "AlderMills", "x.example", true},
		{"Proseware + Sons", "Proseware & Sons", "x.example", true},
		{"Johnson and Johnson", "Johnson & Johnson", "x.example", true},
		{"Alder\u00a0Mills", "Alder  Mills", "x.example", true},
		{"\u200bAlder Mills", "Alder Mills", "x.example", true},
		{"ＡＬＤＥＲ", "Alder", "x.example", true},
		{"株式会社コントソ", "コントソ", "x.example", true},

		// one is a part of the other
		{"Fabrikam", "Fabrikam Residences", "x.example", true},
		{"Fabrikam Residences North", "Fabrikam Residences", "x.example", true},
		{"HP", "HP Enterprise", "x.example", true},
		{"GE", "Agentur Nord", "x.example", false},
		{"Art", "Martens", "x.example", false},

		// the default domain
		{"Alder Mills", "AM Holding", "aldermills.onmicrosoft.com", true},
		{"Alder Mills", "AM Holding", "alder-mills.example", true},
		{"Alder Mills", "", "aldermills.onmicrosoft.com", true},
		{"Contoso UK", "AM Holding", "contoso.co.uk", true},
		{"contoso.com", "AM Holding", "contoso.com", true},
		{"Müller", "AM Holding", "xn--mller-kva.de", true},
		{"Mueller", "AM Holding", "xn--mller-kva.de", true},
		{"Müller", "AM Holding", "mueller.example", true},
		{"Microsoft", "AM Holding", "aldermills.onmicrosoft.com", false},
		{"Alder Mills", "AM Holding", "birchfoods.onmicrosoft.com", false},

		// another company
		{"Birch Foods", "Alder Mills", "alder-mills.example", false},
		{"Alder Mills", "Birch Foods", "birch-foods.example", false},
		{"Alder Mills GmbH", "Birch Foods GmbH", "birch-foods.example", false},
		{"Alder Foods", "Birch Foods", "birch-foods.example", false},
		{"GmbH", "AG", "x.example", false},

		// nothing to compare
		{"", "Alder Mills", "x.example", true},
		{"-", "Alder Mills", "x.example", true},
		{"Alder Mills", "", "", true},
		{"Alder Mills", "...", "", true},
		{"Alder Mills", "", "onmicrosoft.com", true},
	} {
		if got := desired.AreAlike(c.name, c.directory, c.domain); got != c.want {
			t.Errorf("%q, in the directory %q with the domain %q: alike %v, want %v", c.name, c.directory, c.domain, got, c.want)
		}
		if len(c.name) > 1 && c.directory != "" && c.domain == "x.example" && desired.AreAlike(c.directory, c.name, c.domain) != c.want {
			t.Errorf("%q and %q are not compared alike both ways", c.name, c.directory)
		}
	}
}
