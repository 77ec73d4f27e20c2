package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pulse-social/pulse/services/app"
)

// A program that has a server of its own mounts Pulse in it: everything that the API's port serves is one http.Handler.
func ExampleApp_Handler() {
	dir, err := os.MkdirTemp("", "pulse-example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	settings := map[string]string{
		"PULSE_ADDR": "127.0.0.1:0", "PULSE_OPS_ADDR": "127.0.0.1:0", "PULSE_DATA_DIR": filepath.Join(dir, "data"),
	}
	config, _, err := app.LoadConfig(func(name string) (string, bool) { value, ok := settings[name]; return value, ok })
	if err != nil {
		fmt.Println(err)
		return
	}
	pulse, err := app.New(config, app.Options{LogTo: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := pulse.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = pulse.Stop(ctx) }()

	mine := http.NewServeMux()
	mine.Handle("/", pulse.Handler())
	mine.HandleFunc("GET /about", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mine") })
	for _, path := range []string{"/about", "/v1/handles/nobody"} {
		answer := httptest.NewRecorder()
		mine.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		fmt.Println(path, answer.Code)
	}
	// Output:
	// /about 200
	// /v1/handles/nobody 404
}
