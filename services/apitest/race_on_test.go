//go:build race

package apitest_test

// underRaceDetector tells that the race detector is built in.
const underRaceDetector = true
