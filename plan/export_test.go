package plan

// Canonical is for the test that holds it against the library.
var Canonical = canonical
