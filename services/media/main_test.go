package media_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantReason fails the test unless the call was refused for that reason.
func wantReason(t testing.TB, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || err == nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// canvas is a picture whose colour differs from place to place.
func canvas(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), uint8((x * y) % 251), 255})
		}
	}
	return img
}

// photo is a JPEG.
func photo(t testing.TB, width, height int) []byte {
	t.Helper()
	var buf bytes.Buffer
	must(t, jpeg.Encode(&buf, canvas(width, height), nil))
	return buf.Bytes()
}

// drawing is a PNG.
func drawing(t testing.TB, width, height int) []byte {
	t.Helper()
	var buf bytes.Buffer
	must(t, png.Encode(&buf, canvas(width, height)))
	return buf.Bytes()
}

// upload uploads a photo of 600 by 300 pixels.
func upload(t testing.TB, who *pulsetest.User, altText string) *mediav1.Media {
	t.Helper()
	media, err := who.UploadPicture(t.Context(), pulse.Picture{Content: photo(t, 600, 300), AltText: altText})
	must(t, err)
	return media
}

// post writes a post with pictures.
func post(t testing.TB, who *pulsetest.User, audience postv1.Audience, media ...*mediav1.Media) *postv1.Post {
	t.Helper()
	request := &postv1.CreatePostRequest{Text: "look", Audience: audience}
	for _, m := range media {
		request.MediaIds = append(request.MediaIds, m.GetId())
	}
	answer, err := who.Posts.CreatePost(t.Context(), request)
	must(t, err)
	return answer.GetPost()
}

// mask names fields.
func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// setProfile changes fields of a profile.
func setProfile(t testing.TB, who *pulsetest.User, profile *userv1.Profile, paths ...string) {
	t.Helper()
	_, err := who.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{Profile: profile, UpdateMask: mask(paths...)})
	must(t, err)
}

func follow(t testing.TB, who, whom *pulsetest.User) {
	t.Helper()
	_, err := who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: whom.ID})
	must(t, err)
}

func block(t testing.TB, who, whom *pulsetest.User) {
	t.Helper()
	_, err := who.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: whom.ID})
	must(t, err)
}

// fetched is the answer to a GET of a file.
type fetched struct {
	status int
	header http.Header
	body   string
}

// fetch gets a file by its address, as a browser does.
func fetch(t testing.TB, p *pulsetest.Pulse, address string, headers ...string) fetched {
	t.Helper()
	return exchange(t, http.MethodGet, p.URL()+address, nil, headers...)
}

// keyOf is a delivery key of somebody.
func keyOf(t testing.TB, who *pulsetest.User) string {
	t.Helper()
	answer, err := who.Media.CreateDeliveryKey(t.Context(), &mediav1.CreateDeliveryKeyRequest{})
	must(t, err)
	return answer.GetKey()
}

// exchange makes a request with headers, names and values in turn.
func exchange(t testing.TB, method, address string, body []byte, headers ...string) fetched {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	must(t, err)
	response.Header.Del("Date")
	return fetched{response.StatusCode, response.Header, string(content)}
}

// sees tells whether somebody sees a file, as their client fetches it.
func sees(t testing.TB, client *pulse.Client, address string) bool {
	t.Helper()
	file, err := client.OpenMedia(t.Context(), address)
	if err != nil {
		if failure, ok := errors.AsType[*pulse.Error](err); !ok || failure.Code != connect.CodeNotFound {
			t.Errorf("%s: %v", address, err)
		}
		return false
	}
	defer file.Close()
	_, err = io.Copy(io.Discard, file)
	must(t, err)
	return true
}

// storedFiles lists the files that a Pulse keeps in its folder.
func storedFiles(t testing.TB, p *pulsetest.Pulse) []string {
	t.Helper()
	folder := strings.TrimPrefix(p.Config(t).Media.URL, "file://")
	var files []string
	must(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, folder))
		}
		return err
	}))
	return files
}
