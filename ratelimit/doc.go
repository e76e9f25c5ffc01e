// Package ratelimit paces requests: as fast as the service allows, never faster.
package ratelimit
