package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"software.sslmate.com/src/go-pkcs12"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// inUTF16 is text as PowerShell writes it.
func inUTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// A key, a certificate and an assertion may come in a file that PowerShell wrote.
func TestTextFilesOfPowerShell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newPair(t, "sync", time.Hour, nil)
		for way, variable := range map[auth.Way]string{auth.ByCertificate: "AZURE_CLIENT_CERTIFICATE_PATH", auth.ByWorkloadIdentity: "AZURE_FEDERATED_TOKEN_FILE"} {
			r := newSignInRig(t, way, graphsim.SignInConfig{Certificates: []*x509.Certificate{app.cert}})
			text := app.pem(t)
			if way == auth.ByWorkloadIdentity {
				text = r.Assertion(graphsim.AssertionOptions{})
			}
			for name, written := range map[string]string{
				"as it is": text, "with a byte order mark": "\ufeff" + text, "in UTF-16": inUTF16(binary.LittleEndian, text+"\r\n"), "in UTF-16 BE": inUTF16(binary.BigEndian, text),
			} {
				r.env[variable] = file(t, written)
				if _, err := r.signIn(t.Context()); err != nil {
					t.Errorf("%s, %s: %v", way, name, err)
				}
			}
		}
	})
}

// What kind of file it is, is said if it cannot be used.
func TestFilesThatNeedAnotherForm(t *testing.T) {
	app, ca := newPair(t, "sync", time.Hour, nil), newPair(t, "Contoso CA", time.Hour, nil)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for want, text := range map[string]string{
		"only RSA keys":       string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})) + elliptical(t),
		"it is base64 of a":   base64.StdEncoding.EncodeToString([]byte(pfx(t, pkcs12.Modern2023, app, ca, pfxCanary))),
		"the file is empty":   "",
		"neither PEM nor PFX": string(bytes.Repeat([]byte{0xff, 0xfe, 0}, 7)),
	} {
		r := newSignInRig(t, auth.ByCertificate, graphsim.SignInConfig{})
		r.env["AZURE_CLIENT_CERTIFICATE_PATH"] = file(t, text)
		if _, err := r.signIn(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A web page in place of the sign-in host is no fault of the settings.
func TestAnAnswerOfSomebodyElse(t *testing.T) {
	for name, body := range map[string]string{"a page": "<html>Welcome to the hotel", "nothing": "", "an object": "{}"} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secret})
			cred, err := auth.NewDefault(auth.Options{Cloud: graph.Global}, &login{status: http.StatusOK, token: body})
			if err != nil {
				t.Fatal(err)
			}
			_, err = auth.Acquire(t.Context(), cred, scope)
			if e, ok := err.(*auth.Error); !ok || !strings.Contains(e.Next(), "a proxy or a sign-in page") {
				t.Errorf("got %v", err)
			}
		})
	}
}
