// Package ratelimit paces requests: as fast as the service allows, and hardly
// ever faster. It owns the one gate per home tenant that every attempt passes, as
// an http.RoundTripper below the retry layer. It never retries, never reads a
// body and knows no header: the caller supplies a function that reads what an
// answer says about pace (package graph has the facts).
//
// The invariant: while a pause is in force no request leaves, and whatever is
// learned, no more requests leave than Options.MaxRate allows.
//
// # The problem
//
// The write limit of these objects is not known. Microsoft documents 3,000 writes
// per 150 s for the directory, users report one write a second for similar
// objects, and other apps share the limit. A refusal is costly: it delays the
// run, and it may itself count against the quota, so that a herd of retries never
// gets through.
//
// # The model
//
// Graph limits by token bucket: a bucket holds up to size tokens, a request takes
// one, tokens flow in at a constant refill rate, and a request that finds none is
// refused. From outside, the contents of a bucket are known at one moment only:
// when it refuses, it is empty. So the gate keeps a model of the bucket, empties
// it at each refusal, and measures
//
//   - the size: the requests accepted before the first refusal;
//   - the refill rate: the requests accepted between two refusals (a window),
//     over the time between them. Comparing the first two windows also tells
//     whether a refused request costs a token.
//
// From then on a request leaves when the model, a rate.Limiter, has a token. The
// model fills up even while the gate is shut, so a pause costs nothing as long as
// the service's bucket does not overflow meanwhile. Three things surround it:
//
//   - The pause. The first refusal shuts the gate for all requests until its
//     Retry-After is over (or a backoff with jitter). Refusals of requests that
//     were in flight then belong to the same event and change nothing further.
//   - The width: how many requests may be in flight. While nothing is known, it
//     quickly grows to half of Options.Concurrency and then to all of it. After a
//     refusal it restarts at one and grows to what rate times latency needs, plus
//     a few while many tokens are left. A refusal then costs one request, not
//     sixteen. A concurrency conflict (409) halves only the ceiling of the width.
//     A request that hangs does not count against the width, or one dead
//     connection would shut a gate of width one.
//   - The probe. The measured rate is held for a while, and then raised by 2 % a
//     second and a little faster each second. A refusal during the probe only ends
//     it, with a better measurement. A refusal at the rate itself means that the
//     quota shrank or is shared, and cuts the rate by up to a quarter. If the
//     service reports how much of the quota is used, a high value narrows the
//     width before the first refusal and slows the probe after it.
//
// # Other kinds of limit
//
// Services that are not Graph, or that stand before it, limit in other ways. Each
// is told from a bucket by what a bucket does not do:
//
//   - Requests in flight. A bucket refuses at any width. If a refusal has no
//     Retry-After and its request left with more in flight than nearly all that were
//     accepted since the last refusal, the width is to blame: its ceiling falls to
//     what was accepted, and no rate is learned. A refusal at a width that was
//     accepted before clears the ceiling of blame, and counts as a rate.
//
//   - A queue. A bucket answers at the same speed until it is empty, and a service
//     that became slow is as slow at any width. In a queue, half of the requests
//     in flight are served as fast (Little's law). So when the latency has grown to
//     nearly twice the lowest one, half of the width is tried, and kept if the rate
//     stays.
//
//   - Windows. A bucket refills all the time, so little is in it after a pause. A
//     window is all there again. So a burst after a pause, as large as the first,
//     means that more may have flowed in than was measured: the rate is taken as
//     higher. While everything is refused the pauses grow slowly, so that the end
//     of the window is found.
//
// Where the width was narrowed, one more request in flight is tried from time to
// time, more rarely after each failure.
//
// # Sources, and why none of them is enough
//
// AIMD (TCP Reno) converges to a fair share and needs no model, but its saw-tooth
// leaves a quarter of the quota unused, and each tooth ends in a refusal. The
// adaptive mode of the AWS SDKs puts a client-side bucket in front and moves its
// rate like TCP Cubic: times 0.7 at a throttle, then back along a cubic curve. It
// knows neither bursts nor the tokens that gather during a pause; the probe comes
// from its curve, slow near the last known rate and fast far from it. Google's
// client guides ask for truncated exponential backoff with jitter for each
// request, and the SRE book for dropping requests locally as the share of
// refusals grows: both protect the service, and neither finds its rate. Netflix's
// concurrency-limits infers a limit on requests in flight from latency (Vegas,
// Gradient). A quota refuses without getting slower first, so latency says nothing
// about it. It says something about a queue, but only that there may be one: a
// gradient alone also narrows where the service became slow for everybody. So the
// rate at half of the width decides.
// Measuring the bucket itself wins because there are few samples, one or two
// refusals in ten seconds, and each of them is exact.
//
// It finds least if there is least to measure: with a bucket of one or two
// tokens, in which any early request is refused, it stays a few percent below the
// rate, and it takes about fifteen seconds to follow a quota that grows fourfold.
//
// Neighbours: package graph reads the signals and retries above this package; the
// command line checks flags with CheckMaxRate and its siblings, and shows Stats
// and Estimate.
package ratelimit
