package fleet

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// never is what is wrong with a secret in a manifest.
const never = "a secret never stands in a manifest: "

// refusedKeys are keys under which people write a secret itself, in lower case and
// without what separates words, and what to write instead.
var refusedKeys = [...]struct {
	instead string
	keys    []string
}{
	{"name the variable that holds it, as clientSecretEnv",
		[]string{"clientsecret", "secret", "secretvalue", "appsecret", "applicationsecret", "clientpassword", "appkey", "clientkey"}},
	{"name the variable that holds it, as accessTokenEnv", []string{"accesstoken", "token", "bearer", "bearertoken", "jwt", "authorization"}},
	{"name the variable that holds it, as certificatePasswordEnv",
		[]string{"certificatepassword", "clientcertificatepassword", "certificatepassphrase", "passphrase", "pfxpassword", "pempassword"}},
	{"name its file, as certificatePath", []string{"certificate", "clientcertificate", "privatekey", "certificatedata", "pem", "pfx", "key"}},
	{"name its file, as federatedTokenFile", []string{"federatedtoken", "assertion", "clientassertion", "idtoken"}},
}

// secretWord matches a key that is about a secret, spelt as refusedKeys are.
var secretWord = regexp.MustCompile(`^[a-z]{0,20}(secret|password|passphrase|token|credential|apikey|pwd)[a-z]{0,20}$`)

// refuseKey says what to write in place of a secret; empty if a key is not known for
// one.
func refuseKey(key string) string {
	plain := strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(key))
	plain = strings.TrimPrefix(strings.TrimPrefix(plain, "azure"), "bulksync")
	for _, r := range refusedKeys {
		if slices.Contains(r.keys, plain) {
			return never + r.instead
		}
	}
	saysWhere := strings.Contains(plain, "env") || strings.Contains(plain, "file") || strings.Contains(plain, "path")
	if !saysWhere && secretWord.MatchString(plain) {
		return never + "name the variable that holds it, as clientSecretEnv, certificatePasswordEnv or accessTokenEnv"
	}
	return ""
}

// secretValue matches what is a secret wherever it stands: a token (JWT), a private
// key or certificate (PEM, or the base64 of DER or PFX), or a client secret as Entra makes them, which has a digit
// and Q~ after its first three characters.
var secretValue = regexp.MustCompile(`(?:^|[^A-Za-z0-9])eyJ[A-Za-z0-9_-]{16}|-----BEGIN|(?:^|[^A-Za-z0-9+/])MII[A-Za-z0-9+/]{61}|[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{8}|(?i:^bearer )`)

// refuseValue refuses a value that no member can have, without repeating it.
func refuseValue(s string) error {
	switch {
	case secretValue.MatchString(s):
		return errors.New("this looks like a secret, and " + never + "name the variable or the file that holds it")
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("it has a line break or a control character in it")
	}
	return nil
}

// digits matches the digits between other characters.
var digits = regexp.MustCompile(`[0-9]+`)

// looksRandom reports whether a word looks as if a machine had made it up, as it makes
// passwords and keys: long, with lower-case letters, and digits all over.
func looksRandom(s string) bool {
	const long, spread = 16, 3
	return len(s) >= long && s != strings.ToUpper(s) && !strings.Contains(s, "_") && len(digits.FindAllString(s, spread)) == spread
}
