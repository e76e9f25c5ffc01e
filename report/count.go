package report

import "fmt"

// count says n things in words: "1 change", "2 changes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}

// more says n further things in words: "1 more change".
func more(n int, noun string) string { return count(n, "more "+noun) }

// isAre says "1 change is" or "3 changes are".
func isAre(n int, noun string) string {
	if n == 1 {
		return count(n, noun) + " is"
	}
	return count(n, noun) + " are"
}

// wasWere says "1 change was" or "3 changes were".
func wasWere(n int, noun string) string {
	if n == 1 {
		return count(n, noun) + " was"
	}
	return count(n, noun) + " were"
}

// allOf says "the change is", "both changes are" or "all 12 changes are", without
// the verb.
func allOf(n int, noun string) string {
	switch n {
	case 1:
		return "the " + noun
	case 2:
		return "both " + noun + "s"
	default:
		return "all " + count(n, noun)
	}
}

// agree picks the form that n things need.
func agree(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
