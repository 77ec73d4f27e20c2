package topology_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// What becomes of pictures is told, and what their storage cannot do: alerts hang on these series.
func TestMetricsTellOfPictures(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "pictures")
	s, err := start(t, map[string]string{"PULSE_MEDIA_URL": "file://" + folder})
	must(t, err)
	wantTold(t, s, `pulse_media_uploads_total{outcome="completed"} 0`, `pulse_media_storage_errors_total{operation="delete"} 0`,
		`pulse_media_deliveries_total{status_class="5xx"} 0`)
	ada := register(t, s, "pictures_ada")
	content := noise(t)
	media, err := ada.UploadPicture(t.Context(), pulse.Picture{Content: content})
	must(t, err)
	token := "Bearer " + ada.signedIn(t).GetAccessToken()
	fetch := func() int {
		return ask(t, http.MethodGet, s.URL()+media.GetVariants()[0].GetUrl(), nil, "Authorization", token).status
	}
	fetch()
	ask(t, http.MethodGet, s.URL()+media.GetVariants()[0].GetUrl(), nil) // It is attached to nothing: nobody else sees it.
	if _, err := ada.UploadPicture(t.Context(), pulse.Picture{Content: content[:len(content)/2]}); err == nil {
		t.Error("half a picture was taken")
	}
	begun, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/png", SizeBytes: 10})
	must(t, err)
	if got := ask(t, http.MethodPut, s.URL()+begun.GetUploadUrl(), bytes.NewReader(content[:11])).status; got != http.StatusRequestEntityTooLarge {
		t.Errorf("a file that is larger than was said: %d", got)
	}
	wantTold(t, s, `pulse_media_uploads_total{outcome="completed"} 1`, `pulse_media_uploads_total{outcome="damaged"} 1`,
		`pulse_media_uploads_total{outcome="size"} 1`, `pulse_media_deliveries_total{status_class="2xx"} 1`,
		`pulse_media_deliveries_total{status_class="4xx"} 1`, `pulse_media_making_duration_seconds_count 2`,
		`pulse_media_storage_errors_total{operation="read"} 0`, `pulse_media_storage_errors_total{operation="write"} 0`)

	must(t, os.RemoveAll(folder))
	must(t, os.WriteFile(folder, nil, 0o600))
	if got := fetch(); got != http.StatusServiceUnavailable {
		t.Errorf("a storage that fails: %d", got)
	}
	if got := ask(t, http.MethodPut, s.URL()+begun.GetUploadUrl(), bytes.NewReader(content[:10])).status; got != http.StatusServiceUnavailable {
		t.Errorf("a storage that fails takes a file: %d", got)
	}
	wantTold(t, s, `pulse_media_deliveries_total{status_class="5xx"} 1`, `pulse_media_storage_errors_total{operation="read"} 1`,
		`pulse_media_storage_errors_total{operation="write"} 1`)
}

// wantTold fails the test unless a process tells these samples.
func wantTold(t *testing.T, s *topology.Topology, lines ...string) {
	t.Helper()
	metrics, err := s.Running("media")[0].Metrics(t.Context())
	must(t, err)
	var told []string
	for line := range strings.Lines(string(metrics)) {
		if strings.HasPrefix(line, "pulse_media_") {
			told = append(told, strings.TrimSpace(line))
		}
	}
	for _, line := range lines {
		if !slices.Contains(told, line) {
			t.Errorf("%s is not among\n%s", line, strings.Join(told, "\n"))
		}
	}
}
