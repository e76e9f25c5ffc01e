// Package atomicfile writes a whole file or none.
//
// It owns how a file is replaced (durable before it takes its name), which files
// may be replaced at all (regular ones, and what links lead to), and how files that
// must be regular are opened. A device or a pipe is never replaced: Target says that
// a path is one, and leaves writing to the caller. The content of the files is the
// caller's.
//
// It also makes every file and folder that is for its owner alone, from its first
// moment: with the modes 0600 and 0700 on Unix, with a protected access list on
// Windows. It says who else may write to one, and whether others can read it.
//
// The promise: a reader of a file written here sees the old content or the new
// one, and a process that dies leaves at most a file that IsTemp recognizes.
package atomicfile
