// Package bench holds the benchmarks that drive whole processes, and their rig.
//
// Each builds the program as it is shipped and runs it against a built-in
// Graph, over real connections and with its files on disk. It measures and
// never judges: tools/benchtable, which reads what make bench prints, knows
// what was promised and whether the results are enough. Benchmarks of a single
// package stay in that package.
package bench
