package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// sumsName is the file that sha256sum --check reads.
const sumsName = "SHA256SUMS"

// sums are the SHA-256 sums of files, one a line.
func sums(files []file) []byte {
	var b strings.Builder
	for _, f := range sorted(files) {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(f.data), f.name)
	}
	return []byte(b.String())
}
