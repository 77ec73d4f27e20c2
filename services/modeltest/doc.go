// Package modeltest compares Pulse with the plainest model of what a social network is: many people do random things, and
// everybody's view of everything must be the model's.
package modeltest
