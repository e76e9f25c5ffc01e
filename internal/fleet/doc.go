// Package fleet is about many home tenants: which there are, which of them a shard
// works on, how they are worked on side by side, and what is known of all of them
// at the end.
//
//	Manifest   the tenants and how to sign in to each, from a YAML file
//	Shard      which tenants are one process's, by rendezvous hashing of their IDs
//	Run        works on tenants, a few at a time; no failure reaches another tenant
//	Record     what one shard knows, a file of its own in the folder of the fleet
//	Collect    the roll-up of all records: every tenant of the manifest exactly once
//
// What is done with a tenant is the caller's: the package never connects to
// anything, holds no secret, and does not know what a report looks like.
//
// Its invariants: each tenant of a manifest is in exactly one shard and in exactly
// one row of a roll-up; a tenant of which nothing was seen is unknown, never fine;
// and what one tenant does, be it a panic, is the row of that tenant alone.
//
// Package yamlfile below reads YAML strictly, package seal JSON. Above, package
// cmd/bulksync gives the work, and package report draws the roll-up.
package fleet
