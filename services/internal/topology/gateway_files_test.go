package topology_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// passesFiles uploads a picture that is larger than any call may be, and fetches it. Whoever has an upload's address may send the file
// without a token; what is larger than any upload may be is refused.
func (g *gateway) passesFiles(t *testing.T, s *topology.Topology) {
	who := register(t, s, "gateway_pictures")
	c, err := pulse.NewClient(g.url, pulse.WithTokenStore(who.tokens), pulse.WithMaxAttempts(1))
	must(t, err)
	file := noise(t)
	media, err := c.UploadPicture(t.Context(), pulse.Picture{Content: file, AltText: "noise"})
	must(t, err)
	posted, err := c.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "look", MediaIds: []int64{media.GetId()}})
	must(t, err)
	for _, variant := range posted.GetPost().GetMedia()[0].GetVariants() {
		got := ask(t, http.MethodGet, g.url+variant.GetUrl(), nil)
		if got.status != http.StatusOK || got.header.Get("Content-Type") != variant.GetContentType() || len(got.body) == 0 {
			t.Errorf("%s: %d, %s, %d bytes", variant.GetUrl(), got.status, got.header.Get("Content-Type"), len(got.body))
		}
	}
	upload, err := c.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/png", SizeBytes: int64(len(file))})
	must(t, err)
	const larger = 100<<20 + 1
	unread := &http.Transport{ExpectContinueTimeout: time.Minute} // No byte is sent before the answer.
	t.Cleanup(unread.CloseIdleConnections)
	for _, call := range []struct {
		method, path string
		size         int64
		want         int
	}{
		{http.MethodPut, upload.GetUploadUrl(), larger, http.StatusRequestEntityTooLarge},
		{http.MethodPost, upload.GetUploadUrl(), int64(len(file)), http.StatusRequestEntityTooLarge},
		{http.MethodPut, "/v1/posts/1/like", int64(len(file)), http.StatusRequestEntityTooLarge},
	} {
		request, err := http.NewRequestWithContext(t.Context(), call.method, g.url+call.path, io.LimitReader(zeros{}, call.size))
		must(t, err)
		request.ContentLength = call.size
		request.Header.Set("Expect", "100-continue")
		got, err := unread.RoundTrip(request)
		must(t, err)
		must(t, got.Body.Close())
		if got.StatusCode != call.want {
			t.Errorf("%s %s with %d bytes: %d, want %d", call.method, call.path, call.size, got.StatusCode, call.want)
		}
	}
	testwait.Until(t, "the gateway logs that files came", func() bool { return strings.Contains(g.log(), `"\/uploads\/-"`) })
	if strings.Contains(g.log(), strings.TrimPrefix(upload.GetUploadUrl(), "/uploads/")) {
		t.Error("the gateway's log shows who may send a file")
	}
}

// zeros are as many as are read.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// noise is a PNG of more than 3 MiB.
func noise(t *testing.T) []byte {
	t.Helper()
	const enough = 3 << 20
	file := grain(t, 1100)
	if len(file) < enough {
		t.Fatalf("the picture has %d bytes, want %d or more", len(file), enough)
	}
	return file
}

// grain is a PNG that no two pixels of are alike, which makes it as large as it may be.
func grain(t *testing.T, side int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	random := rand.NewChaCha8([32]byte{})
	_, err := random.Read(img.Pix)
	must(t, err)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	var out bytes.Buffer
	must(t, png.Encode(&out, img))
	return out.Bytes()
}
