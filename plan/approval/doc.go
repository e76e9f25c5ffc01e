// Package approval decides whether a plan may be applied: by the policy that it
// carries, and by the decisions of people.
//
//	ReadPolicy        what an organisation asks of every plan, from a YAML file
//	Opening           whether the window of a policy is open, and until when
//	Decision          what one person decided about one plan: a file, and beside it a
//	                  signature of its exact bytes
//	Judge             whether decisions, taken together, let a plan be applied
//
// The data of a policy is in package plan, since a plan carries it. Here is what
// reads it, and what judges by it. The package does not read the tenant, asks
// nobody and opens no file that it was not given.
//
// Its invariant: what is not signed by a known key, or is late, or is about
// another plan, approves nothing. A rejection always counts, and so does an
// exception: whoever is named in an approval as not approved is not written.
//
// Package plan below owns the plan, package desired the forms of tenant IDs and the
// faults of a file, package yamlfile the strict reading of YAML, package seal the
// signatures. Above, package journal records the approvals of a run, and package
// report shows them.
package approval
