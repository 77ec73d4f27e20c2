// Package apitest tests what Pulse promises to its callers, all of it through the public surface of a Pulse that runs:
// that no RPC is left unprotected, who may do what over each protocol, what tokens and sessions withstand, and what the
// edge does with requests that nobody sends by accident. It holds nothing but tests.
package apitest
