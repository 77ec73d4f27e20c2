package media_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	_ "gocloud.dev/blob/s3blob"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// objectStorage speaks S3's protocol, and fails when it is told to.
type objectStorage struct {
	*httptest.Server

	failing atomic.Bool
	puts    atomic.Int64
}

func newObjectStorage(t *testing.T) *objectStorage {
	t.Helper()
	backend := s3mem.New()
	must(t, backend.CreateBucket("pictures"))
	storage, inner := new(objectStorage), gofakes3.New(backend).Server()
	storage.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if storage.failing.Load() {
			http.Error(w, "<Error><Code>InternalError</Code></Error>", http.StatusInternalServerError)
			return
		}
		if r.Method == http.MethodPut {
			storage.puts.Add(1)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(storage.Close)
	return storage
}

// url is what PULSE_MEDIA_URL is set to. Keys of access come from the environment, as everywhere with S3.
func (s *objectStorage) url() string {
	return "s3://pictures?region=us-east-1&use_path_style=true&disable_https=true&endpoint=" + s.Server.URL
}

// Not parallel, for S3's keys of access are in the environment of the process.
func TestPicturesInObjectStorage(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "pulse")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for name, presign := range map[string]string{"through the API": "false", "straight to it": "true"} {
		t.Run(name, func(t *testing.T) {
			storage := newObjectStorage(t)
			p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_MEDIA_URL", storage.url()), pulsetest.WithEnv("PULSE_MEDIA_PRESIGN", presign))
			ada := p.User(t, "ada")
			begun, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/jpeg", SizeBytes: 10})
			must(t, err)
			if straight := strings.HasPrefix(begun.GetUploadUrl(), storage.Server.URL); straight != (presign == "true") {
				t.Errorf("the upload goes to %s", begun.GetUploadUrl())
			}
			media := upload(t, ada, "far away")
			post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, media)
			address := media.GetVariants()[0].GetUrl()
			if got := fetch(t, p, address); got.status != http.StatusOK || int64(len(got.body)) != media.GetVariants()[0].GetSizeBytes() {
				t.Errorf("HTTP %d, %d bytes", got.status, len(got.body))
			}
			if got := fetch(t, p, address, "Range", "bytes=10-19"); got.status != http.StatusPartialContent || len(got.body) != 10 {
				t.Errorf("a part of it: HTTP %d, %d bytes", got.status, len(got.body))
			}
			if want := int64(1 + len(media.GetVariants())); storage.puts.Load() != want {
				t.Errorf("%d files were stored, want %d", storage.puts.Load(), want)
			}
			p.Settle(t)
		})
	}
}

// A storage that fails is said to, and what was begun can be gone on with.
func TestStorageThatFails(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "pulse")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	storage := newObjectStorage(t)
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_MEDIA_URL", storage.url()))
	ada := p.User(t, "ada", pulse.WithMaxAttempts(1))
	kept := upload(t, ada, "kept")
	content := photo(t, 600, 300)
	begun, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/jpeg", SizeBytes: int64(len(content))})
	must(t, err)
	put := func() int { return exchange(t, http.MethodPut, p.URL()+begun.GetUploadUrl(), content).status }
	complete := func() (*mediav1.Media, error) {
		answer, err := ada.Media.CompleteUpload(t.Context(), &mediav1.CompleteUploadRequest{MediaId: begun.GetMediaId()})
		return answer.GetMedia(), err
	}

	storage.failing.Store(true)
	if status := put(); status != http.StatusServiceUnavailable {
		t.Errorf("PUT while the storage fails: HTTP %d", status)
	}
	address := kept.GetVariants()[0].GetUrl() + "?key=" + keyOf(t, ada)
	if got := fetch(t, p, address); got.status != http.StatusServiceUnavailable || got.header.Get("ETag") != "" {
		t.Errorf("GET while the storage fails: HTTP %d %v", got.status, got.header)
	}
	storage.failing.Store(false)
	if status := put(); status != http.StatusNoContent {
		t.Fatalf("PUT: HTTP %d", status)
	}
	storage.failing.Store(true)
	_, err = complete()
	wantReason(t, "complete while the storage fails", err, errorsv1.Reason_REASON_MEDIA_STORAGE_UNAVAILABLE)
	storage.failing.Store(false)
	media, err := complete()
	must(t, err)
	got := fetch(t, p, media.GetVariants()[0].GetUrl()+"?key="+keyOf(t, ada))
	if got.status != http.StatusOK || bytes.Equal([]byte(got.body), content) {
		t.Errorf("HTTP %d, encoded anew: %t", got.status, !bytes.Equal([]byte(got.body), content))
	}
	p.Settle(t)
}
