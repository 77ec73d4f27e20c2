//go:build !failpoint

package failpoint

import "net/http"

// Hit does nothing without the tag.
func Hit(Point) {}

// Mount does nothing without the tag.
func Mount(*http.ServeMux) {}
