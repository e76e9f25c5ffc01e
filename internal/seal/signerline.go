package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// blanks separate the fields of a line.
const blanks = " \t"

// readSigner reads a line: principals, options, type of the key, key, comment.
func readSigner(line string) (signer, error) {
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' }) {
		return signer{}, errors.New("a control character")
	}
	principals, rest, err := cutPrincipals(line)
	if err != nil {
		return signer{}, err
	}
	if looksLikeType(principals) && strings.HasPrefix(field(rest), "AAAA") {
		return signer{}, errors.New("the line begins with a key: write the name of its owner before it")
	}
	l := signer{principals: principals}
	if !looksLikeType(field(rest)) {
		options, after := cutOptions(rest)
		if l.options, err = readOptions(options); err != nil {
			return signer{}, err
		}
		rest = after
	}
	l.key, err = readPublicKey(rest)
	return l, err
}

// cutPrincipals cuts off the first field. Its quotes hold spaces together, and
// the second one ends the field.
func cutPrincipals(line string) (principals, rest string, err error) {
	end := strings.IndexAny(line, blanks+`"`)
	if end < 0 {
		return "", "", errors.New("there is no key behind the name")
	}
	principals, rest = line[:end], line[end:]
	if rest[0] == '"' {
		quoted, after, closed := strings.Cut(rest[1:], `"`)
		if !closed {
			return "", "", errors.New("the quote of the name is not closed")
		}
		principals, rest = principals+quoted, after
	}
	if principals == "" {
		return "", "", errors.New("the name is empty")
	}
	return principals, strings.TrimLeft(rest, blanks), nil
}

// field is the text up to the next blank.
func field(text string) string {
	if end := strings.IndexAny(text, blanks); end >= 0 {
		return text[:end]
	}
	return text
}

// looksLikeType tells a type of key from options.
func looksLikeType(word string) bool {
	for _, begin := range []string{"ssh-", "ecdsa-", "sk-", "rsa-"} {
		if strings.HasPrefix(word, begin) {
			return true
		}
	}
	return false
}

// readPublicKey reads a key: its type, itself in base64, and a comment.
func readPublicKey(text string) (ssh.PublicKey, error) {
	kind := field(text)
	encoded := field(strings.TrimLeft(text[len(kind):], blanks))
	switch {
	case encoded == "":
		return nil, errors.New("there is no key on the line")
	case strings.Contains(kind, "-cert-v"):
		return nil, errors.New("a certificate: name the key of its authority here, with the option cert-authority")
	case !supportedType(kind):
		return nil, unsupportedType(kind)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("the key is broken: %w", err)
	}
	key, err := ssh.ParsePublicKey(raw)
	if err != nil {
		return nil, fmt.Errorf("the key is broken: %w", withoutPrefix(err))
	}
	if key.Type() != kind {
		return nil, fmt.Errorf("the key is of type %q, not %q", key.Type(), kind)
	}
	return key, nil
}

// signerOptions limit what a line allows.
type signerOptions struct {
	authority     bool
	namespaces    *string   // patterns; nil allows all
	after, before time.Time // inclusive; zero is no limit
}

// allow returns nil if the options allow a signature in this namespace at this
// time.
func (o *signerOptions) allow(namespace string, at time.Time) error {
	at = at.Truncate(time.Second)
	switch {
	case o.namespaces != nil && !matchList(namespace, *o.namespaces):
		return fmt.Errorf("the key may not sign in the namespace %q, but in %q", namespace, *o.namespaces)
	case !o.after.IsZero() && at.Before(o.after):
		return fmt.Errorf("the key is not yet valid at %s, but from %s", utc(at), utc(o.after))
	case !o.before.IsZero() && at.After(o.before):
		return fmt.Errorf("the key has expired at %s: it was valid until %s", utc(at), utc(o.before))
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// cutOptions cuts off the field of options, whose values in quotes may hold
// blanks.
func cutOptions(text string) (options, rest string) {
	end := indexUnquoted(text, blanks)
	return text[:end], strings.TrimLeft(text[end:], blanks)
}

// indexUnquoted is where the first of these characters stands outside of quotes,
// or the length of the text.
func indexUnquoted(text, chars string) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && strings.HasPrefix(text[i+1:], `"`):
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(chars, text[i]) >= 0:
			return i
		}
	}
	return len(text)
}

// readOptions reads options that are separated by commas, each at most once.
func readOptions(text string) (o signerOptions, err error) {
	seen := map[string]bool{}
	for more := true; more; {
		end := indexUnquoted(text, ",")
		option := text[:end]
		if more = end < len(text); more {
			text = text[end+1:]
		}
		name, value, hasValue := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if seen[name] {
			return o, fmt.Errorf("the option %s appears twice", name)
		}
		seen[name] = true
		if err := o.set(name, value, hasValue); err != nil {
			return o, err
		}
	}
	if !o.after.IsZero() && !o.before.IsZero() && !o.before.After(o.after) {
		return o, errors.New("valid-before is not later than valid-after")
	}
	return o, nil
}

// set sets one option.
func (o *signerOptions) set(name, value string, hasValue bool) error {
	switch name {
	case "cert-authority":
		if hasValue {
			return errors.New("the option cert-authority has no value")
		}
		o.authority = true
		return nil
	case "namespaces", "valid-after", "valid-before":
	default:
		return fmt.Errorf("unknown option %.40q; known are cert-authority, namespaces, valid-after and valid-before", name)
	}
	value, err := unquote(value)
	if err == nil {
		switch name {
		case "namespaces":
			o.namespaces = &value
		case "valid-after":
			o.after, err = readTime(value)
		case "valid-before":
			o.before, err = readTime(value)
		}
	}
	if err != nil {
		return fmt.Errorf("the option %s: %w", name, err)
	}
	return nil
}

// unquote takes the quotes off the value of an option. ssh-keygen demands them.
func unquote(value string) (string, error) {
	inner, opened := strings.CutPrefix(value, `"`)
	end := 0
	for opened && end < len(inner) && inner[end] != '"' {
		if strings.HasPrefix(inner[end:], `\"`) {
			end++
		}
		end++
	}
	if !opened || end != len(inner)-1 {
		return "", errors.New(`its value must stand in double quotes, as in namespaces="file"`)
	}
	return strings.ReplaceAll(inner[:end], `\"`, `"`), nil
}

// readTime reads a date, or a date and a time. Without a Z or UTC at the end it is
// local, as it is for ssh-keygen, which knows no time up to the first second of 1970.
func readTime(text string) (time.Time, error) {
	zone, digits := time.Local, strings.ToUpper(text)
	for _, suffix := range []string{"Z", "UTC"} {
		if d, ok := strings.CutSuffix(digits, suffix); ok {
			zone, digits = time.UTC, d
			break
		}
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if t, err := time.ParseInLocation(layout, digits, zone); err == nil && len(digits) == len(layout) && t.Unix() > 0 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time, which is YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with a Z if it is UTC", text)
}
