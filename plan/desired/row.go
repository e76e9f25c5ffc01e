package desired

import "strings"

// manages reports whether the row says how an object is to be. A row that names
// no property asks for the partner alone.
func (r *Row) Manages(o Object) bool {
	switch o {
	case IdentitySynchronization:
		return r.Absent || r.DisplayName != "" || r.IsSyncAllowed != nil
	case Consent:
		return r.InboundAllowed != nil || r.OutboundAllowed != nil
	default:
		return !r.Manages(IdentitySynchronization) && !r.Manages(Consent)
	}
}

// count is how many properties of an object the row manages.
func (r *Row) Count(o Object) (n int) {
	for _, path := range Managed[o] {
		if r.Value(path) != nil {
			n++
		}
	}
	return n
}

// value is what the row wants a property to be; nil where it does not manage it.
func (r *Row) Value(path string) any {
	switch {
	case path == PathDisplayName && r.DisplayName != "":
		return r.DisplayName
	case path == PathSyncAllowed:
		return onOff(r.IsSyncAllowed)
	case path == PathInbound:
		return onOff(r.InboundAllowed)
	case path == PathOutbound:
		return onOff(r.OutboundAllowed)
	default:
		return nil
	}
}

// wishes is all that a row wants, in words.
func (r *Row) wishes() string {
	var b strings.Builder
	for c := colDisplayName; c <= colNote; c++ {
		b.WriteString(r.wish(c) + ";")
	}
	return b.String()
}

// onOff turns a switch that may not be managed into a field value.
func onOff(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}
