package doctor

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"bulksync/graph/auth"
	"bulksync/internal/session"
	"bulksync/internal/words"
)

// signIn signs in as the commands do.
func (x *examination) signIn(ctx context.Context) Check {
	s, err := session.Open(ctx, x.Session)
	switch {
	case errors.As(err, &x.other): // it is told with the tenant
		return ok("with %s", x.SignIn)
	case errors.Is(err, context.DeadlineExceeded):
		return fail(x.HowToSignIn, "no answer to the sign-in with %s in %s", x.SignIn, x.limit(check{name: signInCheck}))
	case err != nil:
		next := x.HowToSignIn
		if denied := (*auth.Error)(nil); errors.As(err, &denied) && denied.Next() != "" {
			next = denied.Next()
		}
		return fail(next, "with %s: %v", x.SignIn, err)
	}
	x.signedIn = s
	return ok("%s, with %s", nameOf(s.Identity()), x.SignIn)
}

// nameOf names a person by the sign-in name, an app by name and ID.
func nameOf(id auth.Identity) string {
	switch {
	case id.User != "":
		return "user " + id.User
	case id.AppName != "":
		return "app " + id.AppName + " (" + id.AppID + ")"
	default:
		return "app " + cmp.Or(id.AppID, "without a name")
	}
}

// tenant says whose tenant it is, and refuses a token for another one or for
// something else than this Graph. It is the first request with the token, so that
// what is wrong with Graph or the token as a whole is told here, once.
func (x *examination) tenant(ctx context.Context) Check {
	if x.other != nil {
		return fail("sign in to that tenant, or leave --tenant (BULKSYNC_TENANT) out", "the token is for tenant %s, and --tenant asks for %s", x.other.Have, x.other.Want)
	}
	id := x.signedIn.Identity()
	if !id.IsForAPI(x.Session.Cloud.RootURL()) {
		if other, is := otherCloud(id.Audience); is {
			return fail("name the token's cloud with --cloud "+string(other)+", or get a token for "+x.Session.Cloud.Scope(),
				"the token is for the Graph of the cloud %s, not of %s", other, x.Session.Cloud)
		}
		return fail("get a token for "+x.Session.Cloud.Scope(), "the token is for %s, not for Graph", id.Audience)
	}
	name, err := x.nameOfHome(ctx)
	x.nameless = err == nil && name == ""
	if x.lookUp = err; err != nil && !isRefusal(err) {
		return x.failed(Fail, err)
	}
	return ok("%s, %s", id.TenantID, cmp.Or(name, "whose name is not known"))
}

// permissions says which commands the token allows, as far as it says.
func (x *examination) permissions(context.Context) Check {
	id := x.signedIn.Identity()
	answers := map[auth.Answer][]string{}
	worst, next := OK, ""
	for _, t := range auth.Tasks() {
		may := id.May(t)
		says := string(t)
		if may == auth.No {
			says += " (needs " + t.Permission() + ")"
		}
		answers[may] = append(answers[may], says)
		if status := x.weigh(t, may); rank(status) > rank(worst) {
			worst, next = status, "for "+string(t)+": "+id.HowToGet(t)
		}
	}
	var says []string
	for _, part := range []struct {
		answer auth.Answer
		words  string
	}{{auth.Yes, "enough for "}, {auth.Unknown, "perhaps enough for "}, {auth.No, "not for "}} {
		if all := answers[part.answer]; len(all) > 0 {
			says = append(says, part.words+strings.Join(all, ", "))
		}
	}
	if more := (*auth.WritableError)(nil); x.Task == auth.Reading && errors.As(id.CheckReadOnly(), &more) && len(more.By) > 0 {
		says = append(says, "it could write here, which these do not need: "+strings.Join(more.By, ", "))
	}
	return Check{Status: worst, Detail: strings.Join(says, "; "), Next: next}
}

// needs reports whether a task is part of what must be possible.
func (x *examination) needs(t auth.Task) bool {
	switch t {
	case auth.Reading, x.Task:
		return true
	case auth.LookingUp:
		return x.File != nil && x.File.Domains > 0
	default:
		return false
	}
}

// weigh is how bad it is that a task may not be possible.
func (x *examination) weigh(t auth.Task, may auth.Answer) Status {
	switch {
	case may == auth.Yes:
		return OK
	case may == auth.No && x.needs(t):
		return Fail
	case x.needs(t) || t == auth.Writing && x.Task == "":
		return Warn
	default:
		return OK
	}
}

func rank(s Status) int {
	return map[Status]int{Warn: 1, Fail: 2}[s]
}

// shortLife is how little life of a token is told although no file says how much is
// needed.
const shortLife = 15 * time.Minute

// lifetime compares the life of the token with the time that the writes of the file
// may take.
func (x *examination) lifetime(context.Context) Check {
	const next = "get a token right before the run, or sign in in a way that renews it, such as --auth azure-cli after az login, or --auth env with the AZURE_* variables of an app"
	ends := x.signedIn.Identity().ExpiresAt
	left := time.Until(ends)
	writes := 0
	if x.File != nil {
		writes = x.File.Writes
	}
	low, high := x.signedIn.Estimate(writes)
	switch {
	case x.Renews:
		return ok("the token is renewed when it ends")
	case ends.IsZero():
		return warn(next, "the token does not say when it ends, and cannot be renewed")
	case left <= 0:
		return fail(next, "the token ended at %s", ends.Format(time.RFC3339))
	case writes > 0 && left < low:
		return fail(next, "%s left, and %s take at least %s", rounded(left), counted(writes, "write"), rounded(low))
	case writes > 0 && left < high:
		return warn(next, "%s left, and %s may take up to %s", rounded(left), counted(writes, "write"), rounded(high))
	case left < shortLife:
		return warn(next, "%s left, and it cannot be renewed", rounded(left))
	default:
		return ok("%s left; it cannot be renewed", rounded(left))
	}
}

// rounded is a duration for people.
func rounded(d time.Duration) string {
	unit := time.Second
	if d >= time.Hour {
		unit = time.Minute
	}
	said := max(d.Truncate(unit), time.Second).String()
	if short, whole := strings.CutSuffix(said, "m0s"); whole {
		return short + "m"
	}
	return said
}

func counted(n int, thing string) string { return words.Count(n, thing) }
