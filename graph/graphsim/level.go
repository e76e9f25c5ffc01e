package graphsim

import "strings"

// parseLevel reads a templateApplicationLevel, which is a flags enumeration: one
// string of names joined by commas. It returns the one form that GET shows. The
// Entra tutorial switches a template off with "", the reference with none; what
// GET shows after "" is not documented, here it is none.
func parseLevel(s string) (string, bool) {
	var isNew, isExisting bool
	for name := range strings.SplitSeq(s, ",") {
		switch strings.TrimSpace(name) {
		case "newPartners":
			isNew = true
		case "existingPartners":
			isExisting = true
		case "none":
		case "":
			if s != "" {
				return "", false
			}
		default:
			return "", false
		}
	}
	switch {
	case isNew && isExisting:
		return "newPartners,existingPartners", true
	case isNew:
		return "newPartners", true
	case isExisting:
		return "existingPartners", true
	}
	return "none", true
}
