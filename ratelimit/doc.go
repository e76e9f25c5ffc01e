// Package ratelimit paces requests: as fast as the service allows, hardly
// ever faster. It owns the one gate per home tenant that every attempt
// passes, as an http.RoundTripper below the retry layer. It never retries,
// never reads a body and knows no header: what an answer says about pace is
// read by a function it is given (package graph has the facts).
//
// The invariant: while a pause is in force no request leaves, and whatever
// is learned, no more leave than Options.MaxRate promises.
//
// # The problem
//
// Nobody knows the write limit of these objects. Microsoft documents 3,000
// writes per 150 s for the directory, users report one a second for
// neighbours, and other apps share it. A refusal is dear: it holds the run
// up, and it may count against the quota itself, so that a herd of retries
// starves for good.
//
// # The algorithm
//
// Graph limits by token bucket, and a token bucket has one moment at which
// its contents are known from outside: when it refuses, it is empty. So the
// gate keeps a copy of the bucket, empties it at each refusal, and measures:
//
//   - the size, from what was accepted before the first refusal;
//   - the refill, from what was accepted between two refusals over the time
//     between them (type stretch), and from the first two stretches whether a
//     refused request costs a token.
//
// From then on requests leave when the copy, a rate.Limiter, has a token. It
// fills while the gate is shut, so that a pause costs nothing as long as the
// service's bucket does not run over. Around it stand
//
//   - the pause: the first refusal shuts the gate for everybody until its
//     Retry-After (or a backoff with jitter); refusals of requests then in
//     flight belong to the same event and cut nothing further;
//   - the width: how many may be in flight. Half of what was told at first
//     and soon all of it, while nothing is known; after a refusal one, and
//     then what rate times latency needs, plus a few while many tokens are
//     left. A refusal then costs one request, not sixteen. A collision (409)
//     halves the width alone. A request that hangs takes no room in it, or one
//     dead connection would shut a gate of width one;
//   - the probe: the rate found is held for a while, then raised by 2 % a
//     second and a little faster each second. A refusal during the probe
//     only ends it, with a better measurement; a refusal at the rate itself
//     means that the quota shrank or is shared, and cuts it by up to a
//     quarter. Where the service reports its load, a high load narrows the
//     width before the first refusal and slows the probe after it.
//
// # Its sources, and why not they
//
// AIMD (TCP Reno) converges to a fair share and needs no model, but its
// saw-tooth leaves a quarter of the quota unused and each tooth ends in a
// refusal. The adaptive mode of the AWS SDKs puts a client-side bucket in
// front and moves its rate like TCP Cubic: times 0.7 at a throttle, then back
// along a cubic curve; it has no notion of a burst, nor of the tokens that
// gather in a pause. Its curve, slow near the last known rate and fast far
// from it, is where our probe comes from. Google's client guides ask for
// truncated exponential backoff with jitter, each request on its own, and the
// SRE book for dropping requests locally as the share of refusals grows: both
// protect the service and neither finds its rate. Netflix's
// concurrency-limits infers a limit on requests in flight from latency (Vegas,
// Gradient); a quota refuses without getting slower first, so latency says
// nothing here, but the idea that width and rate are two different limits
// stays. Measuring the bucket itself wins because there are few samples, one
// or two refusals each ten seconds, and each tells the exact amount.
//
// It finds least where there is least to see: with a bucket of one or two
// tokens, where any early request is refused, it stays some percent below the
// rate; a quota that grows fourfold takes it about fifteen seconds to follow.
//
// Neighbours: package graph reads the signals and retries above this package;
// the command line checks flags with CheckMaxRate and its siblings and shows
// Stats and Estimate.
package ratelimit
