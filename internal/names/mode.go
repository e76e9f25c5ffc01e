package names

// Mode says which names to ask Graph for.
type Mode string

// The modes.
const (
	// Auto asks for what a reader is shown first, unless the cache has it.
	Auto Mode = "auto"
	// All asks for everything that is shown, also for what the cache has.
	All Mode = "all"
	// Off asks for nothing, and reads no cache.
	Off Mode = "off"
)
