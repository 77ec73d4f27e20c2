//go:build failpoint

package failpoint

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// armed is the point that ends the process, and how often it is still passed before.
var armed struct {
	point Point
	left  atomic.Int64
}

func init() {
	value := os.Getenv("PULSE_FAILPOINT")
	if value == "" {
		return
	}
	name, count, _ := strings.Cut(value, ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 {
		fmt.Fprintf(os.Stderr, "PULSE_FAILPOINT=%q: write name:n, n the hit that ends the process, such as %s:1\n", value, BeforeCommit)
		os.Exit(1)
	}
	armed.point = Point(name)
	armed.left.Store(n)
}

// Hit ends the process when it is armed for this hit of the point.
func Hit(p Point) {
	if p != armed.point || armed.left.Add(-1) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // The signal is on its way, and nothing may happen before it.
}

var (
	mu       sync.Mutex
	switches = map[string]func(on string) error{}
)

// Switch offers a fault. set is called with what the fault is to be, or with nothing to end it.
func Switch(name string, set func(on string) error) {
	mu.Lock()
	defer mu.Unlock()
	switches[name] = set
}

// Mount serves the faults.
func Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST /debug/faults/{name}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		set := switches[r.PathValue("name")]
		mu.Unlock()
		if set == nil {
			http.Error(w, "there is no fault "+r.PathValue("name"), http.StatusNotFound)
			return
		}
		if err := set(r.FormValue("on")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}
