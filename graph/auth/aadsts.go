package auth

import (
	"regexp"
	"strings"
)

// advice is what to do about a refusal, by its number.
type advice struct{ code, text string }

// advices are what to do about the refusals of Entra that people meet most.
var advices = [...]advice{
	{"7000215", "set AZURE_CLIENT_SECRET to the value of the secret, not to its ID"},
	{"7000222", "the client secret has expired: create another in the app registration"},
	{"700016", "check AZURE_CLIENT_ID and AZURE_TENANT_ID: that tenant has no such app, or the app is another cloud's (--cloud)"},
	{"90002", "check AZURE_TENANT_ID, and --cloud: there is no such tenant in this cloud"},
	{"50059", "set AZURE_TENANT_ID to the tenant: an app cannot sign in to common or organizations"},
	{"700027", "upload this certificate to the app registration, or use the one that is there"},
	{"700211", "add a federated credential with this issuer to the app registration"},
	{"700212", "set the audience of the app's federated credential to the one of this cloud, such as api://AzureADTokenExchange"},
	{"700213", "add a federated credential with exactly this subject to the app registration"},
	{"70021", "add a federated credential with this issuer, subject and audience to the app registration"},
	{"700024", "the assertion is too old, or this machine's clock is wrong: check the clock and what issues the assertion"},
	{"7000218", "allow public client flows in the app registration (Authentication), or sign in with a secret or certificate"},
	{"65001", "ask an administrator to consent to the app's permissions"},
	{"50076", "sign in with a second factor: az login, or --auth device-code or browser"},
	{"50079", "set up a second factor for this account, and sign in again"},
	{"53003", "Conditional Access forbids this sign-in: ask who runs it, with the correlation ID"},
	{"50105", "assign this account to the app in Enterprise applications"},
	{"50173", "the sign-in was revoked: sign in again"},
	{"70043", "the sign-in is too old: sign in again"},
	{"700082", "the sign-in was not used for too long: sign in again"},
	{"500011", "check --cloud: this tenant does not know the Graph of that cloud"},
	{"7000112", "the app is disabled: an administrator can enable it in Enterprise applications"},
	{"900382", "check --cloud: the app is of another cloud"},
}

var aadsts = regexp.MustCompile(`AADSTS(\d+)`)

// advise is what to do about a refusal in Entra's words, or about a certificate that is not
// Microsoft's; "" if nothing is known.
func advise(text string) string {
	if strings.Contains(text, "failed to verify certificate") {
		return "a proxy on the way may break TLS: have it leave the sign-in host alone, or trust its authority (SSL_CERT_FILE on Linux)"
	}
	code := aadsts.FindStringSubmatch(text)
	if code == nil {
		return adviseOnAnswer(text)
	}
	for _, a := range advices {
		if a.code == code[1] {
			return a.text
		}
	}
	return ""
}

// notAnswers are what the library and this package say of an answer that is none of Entra's, or of
// the issuer's or the metadata service's.
var notAnswers = [...]string{
	"json decode error", "error parsing the json", "response is missing access_token", "unexpected response from OIDC endpoint", "its answer holds none",
}

// adviseOnAnswer is what to do about an answer that cannot be read, such as a web page.
func adviseOnAnswer(text string) string {
	for _, said := range notAnswers {
		if strings.Contains(text, said) {
			return "a proxy or a sign-in page of the network seems to answer in place of the host that was asked for a token: have it leave that host alone"
		}
	}
	return ""
}
