// Package atomicfile writes a whole file or none.
//
// It owns how a file is replaced (mode 0600, durable before it takes its name),
// which files may be replaced at all (regular ones, and what links lead to), how
// files that must be regular are opened, and who else may write to one. A device
// or a pipe is never replaced: Target says that a path is one, and leaves writing
// to the caller. The content of the files is the caller's.
//
// The promise: a reader of a file written here sees the old content or the new
// one, and a process that dies leaves at most a file that IsTemp recognizes.
package atomicfile
