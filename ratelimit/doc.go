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
//     refusal it restarts at one and grows to what rate times latency needs. A
//     refusal then costs one request, not sixteen. A concurrency conflict (409)
//     halves only the ceiling of the width. A request that hangs does not count
//     against the width, or one dead connection would shut a gate of width one.
//   - The probe. The measured rate is held for a while, and then raised by 2 % a
//     second and a little faster each second. A refusal during the probe only ends
//     it, with a better measurement. A refusal at the rate itself means that the
//     quota shrank or is shared, and cuts the rate by up to a quarter. If the
//     service reports how much of the quota is used, a high value narrows the
//     width before the first refusal and slows the probe after it.
//
// # The kinds of limit
//
// Services that are not Graph, or that stand before it, limit in other ways. The
// status code is the same for all (429, RFC 6585), and Retry-After (RFC 9110) is
// optional. So each kind is told by what the others do not do:
//
//   - A rate with a burst (token bucket; Graph). It takes a burst at first and then
//     one request for each token, at any width. After a pause it has as many tokens
//     as flowed in meanwhile. This is assumed until something else is seen.
//
//   - Requests in flight. A bucket refuses at any width, and after a while. Here a
//     request is refused that left with more in flight than nearly all that were
//     accepted since the last refusal, and without a Retry-After, for the service
//     cannot know when others end. Then the ceiling of the width falls to what was
//     accepted, nothing is learned about a rate, and there is no pause. A refusal
//     at a width that was accepted before counts as a rate. Graph's conflict (409
//     Directory_ConcurrencyViolation) says it plainly, and halves the ceiling.
//
//   - A queue that slows down. It refuses nothing. A bucket answers at the same
//     speed until it is empty, and a service that became slow for everybody is as
//     slow at any width. In a queue, half of the requests in flight are served as
//     fast (Little's law). So when the latency has grown to nearly twice the lowest
//     one, half of the width is tried, and kept if the rate stays; then half of that,
//     until the rate falls. An answer within a few milliseconds is no queue: it waits
//     for this machine's processor.
//
//   - A fixed window (so many in each minute of the clock). A bucket refills all the
//     time, so little is in it after a pause. A window is all there again. So a burst
//     after a pause that is as large as the first one means that more may have flowed
//     in than was measured: a rate higher than measured is tried. While everything is
//     refused the pauses grow slowly, so that the end of the window is found.
//
//   - A sliding window (so many in any minute). What was sent in a burst comes back
//     as a burst, one window later. It looks like a fixed window at first. The gate
//     treats it as a bucket of that size and of the mean rate. It never sends faster
//     than that rate needs, even if many tokens gathered in a pause; so its requests,
//     and then the places that come free, spread over time.
//
//   - Refusals that cost (Graph: a retry at once counts against the limit). Of the
//     first two windows between refusals, the one with more refusals shows a lower
//     rate. If counting each refusal as a token makes both rates alike, they cost.
//
//   - Several processes on one quota. To each the quota looks smaller and changes as
//     the others come and go. A refusal at the measured rate cuts that rate in
//     proportion, and the probe adds to it by time. Jitter keeps the processes from
//     coming back together.
//
// Where the width was narrowed, one more request in flight is tried from time to
// time, more rarely after each failure.
//
// # Sources, and why none of them is enough
//
// Microsoft Graph throttling guidance (learn.microsoft.com/graph/throttling): the
// token bucket; wait for Retry-After, else back off exponentially; retries at once
// count against the limit. Its service-specific limits
// (learn.microsoft.com/graph/throttling-limits) give the numbers for identity and
// access, and the headers x-ms-throttle-limit-percentage and x-ms-resource-unit.
// Neither names these objects.
//
// RFC 6585, section 4, defines 429 and leaves open how a server counts. RFC 9110,
// section 10.2.3: Retry-After is a date or whole seconds, so mostly up to a second
// too long for a bucket. The draft of the RateLimit header fields
// (draft-ietf-httpapi-ratelimit-headers) would tell quota and window; Graph
// does not document them for these objects.
//
// AIMD (Chiu and Jain 1989; TCP, RFC 5681) converges to a fair share and needs no
// model, but its saw-tooth leaves a quarter of the quota unused, and each tooth ends
// in a refusal. The cut in proportion comes from it. CUBIC (RFC 9438) gives the
// probe its curve, slow near the last known rate and fast far from it; the
// adaptive retry mode of the AWS SDKs moves the rate of a client-side bucket like
// that, and knows neither bursts nor the tokens that gather during a pause.
//
// TCP Vegas (Brakmo and Peterson 1994) and Netflix's concurrency-limits (Vegas,
// Gradient) infer a limit on requests in flight from latency. A quota refuses
// without getting slower first, so latency says nothing about it. It says something
// about a queue, but only that there may be one: a gradient alone also narrows where
// the service became slow for everybody. So the rate at half of the width decides.
//
// Google's SRE book (Handling Overload) has clients drop requests locally as the
// share of refusals grows, and others ask for exponential backoff with jitter for
// each request: both protect the service, and neither finds its rate. Measuring the
// bucket itself wins because there are few samples, one or two refusals in ten
// seconds, and each of them is exact.
//
// It finds least if there is least to measure: with a bucket of one or two
// tokens, in which any early request is refused, it stays a few percent below the
// rate, and it takes about fifteen seconds to follow a quota that grows fourfold.
// Windows of one second are met badly: the shortest pause is as long as they are.
//
// Neighbours: package graph reads the signals and retries above this package; the
// command line checks flags with CheckMaxRate and its siblings, and shows Stats
// and Estimate.
package ratelimit
