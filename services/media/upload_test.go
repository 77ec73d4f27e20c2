package media_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"strings"
	"sync"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")

	media, err := ada.UploadPicture(t.Context(), pulse.Picture{Content: photo(t, 2000, 1000), AltText: "a meadow"})
	must(t, err)
	if media.GetAltText() != "a meadow" || media.GetWidth() != 2000 || media.GetHeight() != 1000 || len(media.GetBlurhash()) < 20 || media.GetAnimated() {
		t.Errorf("uploaded %v", media)
	}
	var sizes []string
	for _, v := range media.GetVariants() {
		sizes = append(sizes, fmt.Sprintf("%v %dx%d %s", v.GetSize(), v.GetWidth(), v.GetHeight(), v.GetContentType()))
		file := fetch(t, p, v.GetUrl()+"?key="+keyOf(t, ada))
		got, err := jpeg.DecodeConfig(strings.NewReader(file.body))
		if err != nil || got.Width != int(v.GetWidth()) || int64(len(file.body)) != v.GetSizeBytes() || file.header.Get("Content-Type") != v.GetContentType() {
			t.Errorf("%s is %d bytes of %s, %v wide (%v), and is said to be %v", v.GetUrl(), len(file.body), file.header.Get("Content-Type"), got.Width, err, v)
		}
	}
	want := "MEDIA_SIZE_ORIGINAL 2000x1000 image/jpeg, MEDIA_SIZE_LARGE 1280x640 image/jpeg, MEDIA_SIZE_SMALL 400x200 image/jpeg"
	if got := strings.Join(sizes, ", "); got != want {
		t.Errorf("variants %s, want %s", got, want)
	}

	got, err := ada.Media.GetMedia(t.Context(), &mediav1.GetMediaRequest{MediaId: media.GetId()})
	must(t, err)
	changed, err := ada.Media.UpdateMedia(t.Context(), &mediav1.UpdateMediaRequest{MediaId: media.GetId(), AltText: "a hill"})
	must(t, err)
	if got.GetMedia().GetAltText() != "a meadow" || changed.GetMedia().GetAltText() != "a hill" {
		t.Errorf("got %q, changed to %q", got.GetMedia().GetAltText(), changed.GetMedia().GetAltText())
	}
	p.Settle(t)
}

// A picture is what its bytes are, whatever it is said to be, and has all sizes whose names are asked for.
func TestTheFileSaysWhatItIs(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	media, err := ada.UploadPicture(t.Context(), pulse.Picture{Content: drawing(t, 80, 40), ContentType: "image/webp"})
	must(t, err)
	if len(media.GetVariants()) != 1 {
		t.Fatalf("a small picture has %d variants, want 1", len(media.GetVariants()))
	}
	small := strings.Replace(media.GetVariants()[0].GetUrl(), "original", "small", 1)
	if file := fetch(t, p, small+"?key="+keyOf(t, ada)); file.status != http.StatusOK || int64(len(file.body)) != media.GetVariants()[0].GetSizeBytes() {
		t.Errorf("%s: HTTP %d, %d bytes", small, file.status, len(file.body))
	}
}

// What comes with the file does not go with the picture.
func TestNothingIsLeftOfTheFile(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	const canary = "canary-48.2082N-16.3738E"
	exif := "\xff\xe1" + string([]byte{0, byte(2 + 6 + len(canary))}) + "Exif\x00\x00" + canary
	plain := photo(t, 600, 300)
	content := bytes.Join([][]byte{plain[:2], []byte(exif), plain[2:], []byte("<script>" + canary + "</script>")}, nil)
	media, err := ada.UploadPicture(t.Context(), pulse.Picture{Content: content, ContentType: "image/jpeg"})
	must(t, err)
	for _, v := range media.GetVariants() {
		if file := fetch(t, p, v.GetUrl()+"?key="+keyOf(t, ada)); file.status != http.StatusOK || strings.Contains(file.body, canary) {
			t.Errorf("%s: HTTP %d, which holds what the file did: %t", v.GetUrl(), file.status, strings.Contains(file.body, canary))
		}
	}
	for _, file := range storedFiles(t, p) {
		if strings.Contains(file, "upload") {
			t.Errorf("%s is still there", file)
		}
	}
}

func TestRefusedUploads(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_MEDIA_MAX_BYTES", "200000"), pulsetest.WithEnv("PULSE_MEDIA_MAX_PIXELS", "500000"))
	ada := p.User(t, "ada")
	whole := photo(t, 600, 300)
	for what, refused := range map[string]struct {
		picture pulse.Picture
		want    errorsv1.Reason
	}{
		"a type that is not taken": {pulse.Picture{Content: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ContentType: "image/svg+xml"}, errorsv1.Reason_REASON_MEDIA_TYPE_UNSUPPORTED},
		"SVG in disguise":          {pulse.Picture{Content: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ContentType: "image/png"}, errorsv1.Reason_REASON_MEDIA_TYPE_UNSUPPORTED},
		"HTML in disguise":         {pulse.Picture{Content: []byte("<html><script>alert(1)</script>"), ContentType: "image/gif"}, errorsv1.Reason_REASON_MEDIA_TYPE_UNSUPPORTED},
		"a file cut short":         {pulse.Picture{Content: whole[:len(whole)/2]}, errorsv1.Reason_REASON_MEDIA_DAMAGED},
		"too many pixels":          {pulse.Picture{Content: photo(t, 1000, 501)}, errorsv1.Reason_REASON_MEDIA_DIMENSIONS_TOO_LARGE},
		"too many bytes":           {pulse.Picture{Content: append(bytes.Clone(whole), make([]byte, 200_000)...)}, errorsv1.Reason_REASON_MEDIA_TOO_LARGE},
	} {
		_, err := ada.UploadPicture(t.Context(), refused.picture)
		wantReason(t, what, err, refused.want)
	}
	usage, err := ada.Media.GetMediaUsage(t.Context(), &mediav1.GetMediaUsageRequest{})
	must(t, err)
	if usage.GetUsedBytes() != 0 {
		t.Errorf("what was refused takes %d bytes of the quota, want 0", usage.GetUsedBytes())
	}
	p.Settle(t)
}

// The steps of an upload, as somebody takes them by hand who makes mistakes.
func TestUploadStepByStep(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	content := photo(t, 600, 300)
	begun, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/jpeg", SizeBytes: int64(len(content))})
	must(t, err)
	complete := func(who *pulsetest.User) error {
		_, err := who.Media.CompleteUpload(t.Context(), &mediav1.CompleteUploadRequest{MediaId: begun.GetMediaId()})
		return err
	}
	wantReason(t, "complete before the file was sent", complete(ada), errorsv1.Reason_REASON_MEDIA_NOT_UPLOADED)
	wantReason(t, "complete another's upload", complete(bob), errorsv1.Reason_REASON_MEDIA_NOT_FOUND)
	_, err = ada.Media.GetMedia(t.Context(), &mediav1.GetMediaRequest{MediaId: begun.GetMediaId()})
	wantReason(t, "get an upload that is not completed", err, errorsv1.Reason_REASON_MEDIA_NOT_FOUND)

	put := func(address string, content []byte) int {
		return exchange(t, http.MethodPut, p.URL()+address, content, "Content-Type", "image/jpeg").status
	}
	if status := put(begun.GetUploadUrl()+"x", content); status != http.StatusNotFound {
		t.Errorf("PUT to an address that was made up: HTTP %d", status)
	}
	if status := put(begun.GetUploadUrl(), append(bytes.Clone(content), 0)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("PUT of more than was said: HTTP %d", status)
	}
	for range 2 { // The connection broke before the answer came.
		if status := put(begun.GetUploadUrl(), content); status != http.StatusNoContent {
			t.Errorf("PUT: HTTP %d", status)
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := complete(ada); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if status := put(begun.GetUploadUrl(), content); status != http.StatusNotFound {
		t.Errorf("PUT to a completed upload: HTTP %d", status)
	}
	got, err := ada.Media.GetMedia(t.Context(), &mediav1.GetMediaRequest{MediaId: begun.GetMediaId()})
	must(t, err)
	usage, err := ada.Media.GetMediaUsage(t.Context(), &mediav1.GetMediaUsageRequest{})
	must(t, err)
	var total int64
	for _, v := range got.GetMedia().GetVariants() {
		total += v.GetSizeBytes()
	}
	if usage.GetUsedBytes() != total {
		t.Errorf("completed four times at once: %d bytes are used, want %d", usage.GetUsedBytes(), total)
	}
	p.Settle(t)
}

func TestQuota(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_MEDIA_QUOTA", "100000"))
	ada := p.User(t, "ada")
	var group sync.WaitGroup
	var accepted sync.Map
	for n := range 8 { // At once, of 30,000 bytes each: three fit.
		group.Go(func() {
			answer, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/png", SizeBytes: 30_000})
			if err != nil {
				wantReason(t, "an upload over the quota", err, errorsv1.Reason_REASON_MEDIA_QUOTA_EXCEEDED)
				return
			}
			accepted.Store(n, answer.GetMediaId())
		})
	}
	group.Wait()
	var ids []int64
	for _, mediaID := range accepted.Range {
		ids = append(ids, mediaID.(int64)) //nolint:forcetypeassert // It was stored above.
	}
	if len(ids) != 3 {
		t.Fatalf("%d uploads were accepted, want 3", len(ids))
	}
	for range 2 {
		_, err := ada.Media.DeleteMedia(t.Context(), &mediav1.DeleteMediaRequest{MediaId: ids[0]})
		if err != nil {
			wantReason(t, "delete again", err, errorsv1.Reason_REASON_MEDIA_NOT_FOUND)
		}
	}
	_, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/png", SizeBytes: 40_000})
	must(t, err)
	p.Settle(t)
}
