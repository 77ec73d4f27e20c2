package media_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// movableClock is a clock that tests set forward.
type movableClock struct{ ahead atomic.Int64 }

func newClock() *movableClock { return new(movableClock) }

func (c *movableClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *movableClock) forward(minutes int) { c.ahead.Add(int64(time.Duration(minutes) * time.Minute)) }

// filesOf are the files of a picture that are stored.
func filesOf(t testing.TB, p *pulsetest.Pulse, mediaID int64) []string {
	t.Helper()
	return slices.DeleteFunc(storedFiles(t, p), func(name string) bool { return !strings.Contains(name, id.String(mediaID)) })
}

// What nothing refers to a day after its upload is deleted with its files, and all else stays.
func TestWhatNothingRefersToIsDeleted(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_MEDIA_COLLECT_EVERY", "20ms"))
	ada := p.User(t, "ada")
	loose, posted, drafted, worn, deleted := upload(t, ada, "loose"), upload(t, ada, "posted"), upload(t, ada, "drafted"), upload(t, ada, "worn"), upload(t, ada, "deleted")
	post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, posted)
	gone := post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, deleted)
	_, err := ada.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: &postv1.CreatePostRequest{MediaIds: []int64{drafted.GetId()}}})
	must(t, err)
	setProfile(t, ada, &userv1.Profile{AvatarMediaId: worn.GetId()}, "avatar_media_id")
	_, err = ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: gone.GetId()})
	must(t, err)
	begun, err := ada.Media.CreateUpload(t.Context(), &mediav1.CreateUploadRequest{ContentType: "image/png", SizeBytes: 1000})
	must(t, err)
	exchange(t, "PUT", p.URL()+begun.GetUploadUrl(), make([]byte, 1000))
	stray := filepath.Join(strings.TrimPrefix(p.Config(t).Media.URL, "file://"), "media", "1", "original")
	must(t, os.MkdirAll(filepath.Dir(stray), 0o700))
	must(t, os.WriteFile(stray, []byte("of no picture"), 0o600))

	clock.forward(25 * 60)
	noMore := func(mediaID int64) func() bool {
		return func() bool {
			clock.forward(1) // What goes stays for a minute.
			return len(filesOf(t, p, mediaID)) == 0
		}
	}
	testwait.Until(t, "the picture that was attached to nothing is gone", noMore(loose.GetId()))
	testwait.Until(t, "the picture of the deleted post is gone", noMore(deleted.GetId()))
	testwait.Until(t, "the upload that was not completed is gone", noMore(begun.GetMediaId()))
	testwait.Until(t, "the file of no picture is gone", func() bool { _, err := os.Stat(stray); return os.IsNotExist(err) })
	for _, media := range []*mediav1.Media{posted, drafted, worn} {
		if len(filesOf(t, p, media.GetId())) != len(media.GetVariants()) || !sees(t, ada.Client, media.GetVariants()[0].GetUrl()) {
			t.Errorf("the picture %q is gone", media.GetAltText())
		}
	}
	usage, err := ada.Media.GetMediaUsage(t.Context(), &mediav1.GetMediaUsageRequest{})
	must(t, err)
	var total int64
	for _, media := range []*mediav1.Media{posted, drafted, worn} {
		for _, v := range media.GetVariants() {
			total += v.GetSizeBytes()
		}
	}
	if usage.GetUsedBytes() != total {
		t.Errorf("%d bytes are used, want %d", usage.GetUsedBytes(), total)
	}
	p.Settle(t)
}

// A draft's pictures stay its author's until it is published, and then are for whom the post is.
func TestPicturesOfDrafts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	media, other := upload(t, ada, "secret"), upload(t, ada, "other")
	draft, err := ada.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: &postv1.CreatePostRequest{MediaIds: []int64{media.GetId(), other.GetId()}}})
	must(t, err)
	if sees(t, bob.Client, media.GetVariants()[0].GetUrl()) {
		t.Error("bob sees a picture of a draft")
	}
	updated, err := ada.Posts.UpdateDraft(t.Context(), &postv1.UpdateDraftRequest{
		DraftId: draft.GetDraft().GetId(), Post: &postv1.CreatePostRequest{MediaIds: []int64{media.GetId()}}, UpdateMask: mask("media_ids"),
	})
	must(t, err)
	_, err = ada.Media.DeleteMedia(t.Context(), &mediav1.DeleteMediaRequest{MediaId: other.GetId()})
	must(t, err)
	published, err := ada.Posts.PublishDraft(t.Context(), &postv1.PublishDraftRequest{DraftId: updated.GetDraft().GetId()})
	must(t, err)
	if got := published.GetPost().GetMedia(); len(got) != 1 || !sees(t, bob.Client, got[0].GetVariants()[0].GetUrl()) {
		t.Errorf("the published post has %v, want the picture, and that bob sees it", got)
	}
	p.Settle(t)
}

// With an account go its pictures.
func TestPicturesOfDeletedAccounts(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_MEDIA_COLLECT_EVERY", "20ms"))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	media, kept := upload(t, ada, "posted"), upload(t, bob, "posted")
	post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, media)
	post(t, bob, postv1.Audience_AUDIENCE_PUBLIC, kept)
	_, err := ada.Accounts.DeleteAccount(t.Context(), &identityv1.DeleteAccountRequest{})
	must(t, err)
	if sees(t, bob.Client, media.GetVariants()[0].GetUrl()) {
		t.Error("bob sees a picture of an account that is gone")
	}
	testwait.Until(t, "the files are gone", func() bool {
		clock.forward(1)
		return len(filesOf(t, p, media.GetId())) == 0
	})
	if !sees(t, p.Client(t), kept.GetVariants()[0].GetUrl()) {
		t.Error("a picture of somebody else is gone")
	}
	p.Settle(t)
}

// A check finds a picture that has lost a file, and a file that nobody knows of.
func TestCheckFindsLostFiles(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	media := upload(t, ada, "lost")
	p.Settle(t)
	folder := strings.TrimPrefix(p.Config(t).Media.URL, "file://")
	must(t, os.Remove(filepath.Join(folder, filesOf(t, p, media.GetId())[0])))
	stray := filepath.Join(folder, "uploads", "5")
	must(t, os.WriteFile(stray, []byte("of no upload"), 0o600))
	long := time.Now().Add(-48 * time.Hour)
	must(t, os.Chtimes(stray, long, long))
	results, err := p.App.Check(t.Context())
	must(t, err)
	for _, r := range results {
		if broken := map[string]int{"I9": 2}[r.ID]; r.Broken != broken {
			t.Errorf("%s is broken %d times, want %d: %q", r.ID, r.Broken, broken, r.Violations)
		}
	}
}

// What was attached just when it was let go stays: the collector looks again.
func TestWhatIsAttachedWhileItGoesStays(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_MEDIA_COLLECT_EVERY", "20ms"))
	ada := p.User(t, "ada")
	media := upload(t, ada, "late")
	post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, media)
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.now), Now: clock.now})
	must(t, err)
	must(t, s.For("media").Write(t.Context(), func(tx *store.Tx) error { // As two transactions at once would leave it.
		row, err := tx.Media.Get(t.Context(), media.GetId())
		if err != nil {
			return err
		}
		if err := tx.MediaUsage.UpdateOneID(ada.ID).AddBytes(-row.SizeBytes).Exec(t.Context()); err != nil {
			return err
		}
		return tx.Media.UpdateOne(row).SetState(attachment.Going).SetGoingAt(tx.Now).Exec(t.Context())
	}))
	must(t, s.Close())
	testwait.Until(t, "the picture is back", func() bool {
		clock.forward(1)
		return sees(t, p.Client(t), media.GetVariants()[0].GetUrl())
	})
	p.Settle(t)
}
