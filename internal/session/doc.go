// Package session is one home tenant at work.
//
// It owns the way to Graph for one home tenant and one identity: which
// credential is taken, the guard that refuses another tenant, cloud or host than
// the one that was asked for, and the layers of each attempt, which are token,
// pace, log and wire from the outside in. It sends nothing by itself, prints
// nothing and knows no flag: what is to be told goes to a logger and to
// functions that are handed in.
//
// Sessions share nothing, so that several can be at work in one process: each
// has its own connections, token and pace. (The proxy of the environment and the
// AZURE_* variables are the process's, and read by the libraries that use them.)
//
// Retries and what an answer means are package graph's; who is at work is package
// graph/auth's; how fast, package ratelimit's.
package session
