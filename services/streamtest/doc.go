// Package streamtest subscribes with the SDKs, in Go and in a real browser, and breaks their streams in every way: nothing
// may be lost, and nothing told twice.
package streamtest
