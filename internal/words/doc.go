// Package words puts numbers into sentences, so that every message and report
// formats them alike: "1 change", "2,000 changes".
package words
