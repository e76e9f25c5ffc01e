package auth

import (
	"fmt"
	"net/http"
)

// redirected is a redirect by a host that is asked for a token. It is final: no such host redirects
// what it is asked, and following would show a secret elsewhere, perhaps in clear. (307 and 308 send
// the body again.)
type redirected struct{ from, to string }

func (r *redirected) Error() string {
	return fmt.Sprintf("%s redirects to %s, which is not followed: is a proxy or a sign-in page in between?", r.from, r.to)
}
func (*redirected) NonRetriable() {}

func refuseRedirect(req *http.Request, via []*http.Request) error {
	return &redirected{via[len(via)-1].URL.Host, req.URL.Scheme + "://" + req.URL.Host}
}
