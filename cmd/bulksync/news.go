package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"bulksync/graph"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// newsOptions say what of an audit is news, and who is told.
type newsOptions struct {
	failOnText, notify, notifyFormat string
	// metrics is the file for node exporter; empty for none.
	metrics string

	failOn audit.FailOn
	kind   report.NotifyFormat
}

// notifyVariable stands for --notify in the environment: its address is a secret,
// and the arguments of a process are not.
const notifyVariable = "BULKSYNC_NOTIFY"

func (o *newsOptions) register(fl *pflag.FlagSet) {
	o.registerNews(fl)
	fl.StringVar(&o.metrics, "metrics", "", "`FILE.prom`: file for node exporter's textfile collector")
}

// registerNews adds the flags that say what is news, and who is told.
func (o *newsOptions) registerNews(fl *pflag.FlagSet) {
	choiceVar(fl, &o.failOnText, "fail-on", string(audit.FailOnAny), choiceOf(wordsOf(audit.FailOnAny, audit.FailOnNew, audit.FailOnNone)), "which findings make the exit code 2")
	fl.StringVar(&o.notify, "notify", "", "`URL`: address to post a summary to if there is news (default $"+notifyVariable+", which keeps the secret off the list of processes)")
	choiceVar(fl, &o.notifyFormat, "notify-format", string(report.Generic), choiceOf(wordsOf(report.Generic, report.Teams, report.Slack)), "what the summary looks like")
}

// check turns the texts of the flags into values. News needs a store: without the
// audit before, everything would be new.
func (o *newsOptions) check(e *env, store bool) (err error) {
	if o.failOn, err = audit.ParseFailOn(o.failOnText); err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	if o.kind, err = report.ParseNotifyFormat(o.notifyFormat); err != nil {
		return fmt.Errorf("--notify-format: %w", err)
	}
	const hint = "keep the audits in a store with --evidence DIR"
	if o.failOn == audit.FailOnNew && !store {
		return hinted(errors.New("--fail-on new: without a store nothing is known of earlier audits"), hint)
	}
	name := "--notify"
	if o.notify == "" {
		// A secret from a file often ends with a line break.
		name, o.notify = notifyVariable, strings.TrimSpace(e.getenv(notifyVariable))
	}
	switch {
	case o.notify == "":
		return nil
	case !store:
		return hinted(fmt.Errorf("%s: without a store nothing is known of earlier audits, so nothing is news", name), hint)
	default:
		return checkNotify(name, o.notify)
	}
}

// checkNotify refuses an address that would send tenant data in clear. Its errors
// say where it was given, and do not repeat it.
func checkNotify(name, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New(name + ": it is not a URL such as https://host/path")
	case u.Scheme != "https" && (u.Scheme != "http" || !graph.IsLoopback(u.Hostname())):
		return errors.New(name + ": it would send the findings in clear: use https; plain http is only for loopback addresses")
	}
	return nil
}

// notifyTime bounds a notification: the audit waits for it.
const notifyTime = 15 * time.Second

// send posts a summary if there is news. If that fails, it is told and kept, and
// changes nothing else.
func (o *newsOptions) send(ctx context.Context, e *env, a *audit.Audit) *evidence.Notified {
	if o.notify == "" || !report.HasNews(a) || ctx.Err() != nil {
		return nil
	}
	n := &evidence.Notified{At: time.Now().UTC().Truncate(time.Second)}
	if err := o.post(ctx, a); err != nil {
		n.Problem = edge(err.Error())
		e.warn("the notification was not sent: %s", n.Problem)
	}
	return n
}

// patienceOf is how long to wait for the answer to a notification. Of the time that is
// left until ctx ends, half is for sealing the audit.
func patienceOf(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return min(notifyTime, time.Until(end)/2)
	}
	return notifyTime
}

// post sends one request. It follows no redirect: the findings are for the host
// that was named.
func (o *newsOptions) post(ctx context.Context, a *audit.Audit) error {
	var body bytes.Buffer
	if err := report.Notification(&body, a, o.kind); err != nil {
		return err
	}
	patience := patienceOf(ctx)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.notify, &body)
	if err != nil {
		return errors.New("the address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "bulksync/"+version())
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return withoutAddress(err, patience)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection ends well
	if resp.StatusCode/100 != 2 {
		return errors.New(strings.TrimSpace(fmt.Sprintf("the host answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))))
	}
	return nil
}

// withoutAddress is why a request failed, without its URL, which is a secret, and
// without the name of the host, which an error of the network repeats.
func withoutAddress(err error, patience time.Duration) error {
	var timeout interface{ Timeout() bool }
	switch {
	case isInterrupt(err):
		return errors.New("interrupted")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer in %s", patience.Round(time.Millisecond))
	default:
		return errors.New("no connection, or none that can be trusted")
	}
}

// measure writes the metrics. If that fails, what monitoring sees is out of date,
// so the command must not look as if all was well.
func (o *newsOptions) measure(ctx context.Context, e *env, a *audit.Audit, m report.MetricsOptions) error {
	if o.metrics == "" {
		return nil
	}
	return e.writePublic(ctx, o.metrics, func(w io.Writer) error { return report.Metrics(w, a, m) })
}
