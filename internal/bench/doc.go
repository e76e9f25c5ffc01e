// Package bench holds the benchmarks that drive whole processes, and their rig.
//
// Each builds the program as it is shipped and runs it against a built-in Graph,
// over real connections and with its files on the disk. It measures and never
// judges: what was promised, and whether that is enough, is said by
// tools/benchtable, which reads what make bench prints. Benchmarks of one package
// alone stay with that package.
package bench
