package post_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func draft(t *testing.T, u *pulsetest.User, post *postv1.CreatePostRequest) *postv1.Draft {
	t.Helper()
	return must[*postv1.CreateDraftResponse](t)(u.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: post})).GetDraft()
}

// drafts answers somebody's drafts, by pages of one.
func drafts(t *testing.T, u *pulsetest.User) []*postv1.Draft {
	t.Helper()
	var all []*postv1.Draft
	for draft, err := range u.AllDrafts(t.Context(), &postv1.ListDraftsRequest{PageSize: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, draft)
	}
	return all
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	parent := publish(t, bob, &postv1.CreatePostRequest{Text: "parent"}).GetId()
	empty := draft(t, ada, &postv1.CreatePostRequest{})
	full := poll(true, time.Hour, "yes", "no")
	full.ReplyToId, full.ContentWarning, full.Language = parent, "opinions", "en"
	second := draft(t, ada, full)
	if got := drafts(t, ada); len(got) != 2 || got[0].GetId() != second.GetId() || got[0].GetPost().GetPoll().GetOptions()[1] != "no" {
		t.Fatalf("drafts %v", got)
	}
	if got := drafts(t, bob); got != nil {
		t.Errorf("another's drafts are shown: %v", got)
	}
	publishDraft := func(u *pulsetest.User, draftID int64) (*postv1.Post, error) {
		answer, err := u.Posts.PublishDraft(t.Context(), &postv1.PublishDraftRequest{DraftId: draftID})
		return answer.GetPost(), err
	}
	_, err := publishDraft(ada, empty.GetId())
	wantReason(t, "publishing a draft that says nothing", err, errorsv1.Reason_REASON_POST_EMPTY)
	_, err = publishDraft(bob, empty.GetId())
	wantReason(t, "publishing another's", err, errorsv1.Reason_REASON_DRAFT_NOT_FOUND)

	change := &postv1.UpdateDraftRequest{DraftId: empty.GetId(), Post: &postv1.CreatePostRequest{Text: "now", Language: "de"}, UpdateMask: mask("text"), Etag: empty.GetEtag()}
	changed := must[*postv1.UpdateDraftResponse](t)(ada.Posts.UpdateDraft(t.Context(), change)).GetDraft()
	if changed.GetPost().GetText() != "now" || changed.GetPost().GetLanguage() != "" || changed.GetEtag() == empty.GetEtag() {
		t.Errorf("changed to %v", changed)
	}
	_, err = ada.Posts.UpdateDraft(t.Context(), change)
	wantReason(t, "with an old etag", err, errorsv1.Reason_REASON_ETAG_MISMATCH)
	_, err = ada.Posts.UpdateDraft(t.Context(), &postv1.UpdateDraftRequest{DraftId: empty.GetId(), Post: change.GetPost(), UpdateMask: mask("id")})
	wantReason(t, "what a post has not", err, errorsv1.Reason_REASON_UPDATE_MASK_INVALID)

	var group sync.WaitGroup
	var published atomic.Int32
	for range 6 { // Publishing at once is publishing once.
		group.Go(func() {
			post, err := publishDraft(ada, second.GetId())
			if err != nil {
				wantReason(t, "publishing once more", err, errorsv1.Reason_REASON_DRAFT_NOT_FOUND)
			} else if published.Add(1); post.GetReplyToId() != parent || len(post.GetPoll().GetOptions()) != 2 || post.GetContentWarning() != "opinions" {
				t.Errorf("published %v", post)
			}
		})
	}
	group.Wait()
	if published.Load() != 1 || len(drafts(t, ada)) != 1 {
		t.Errorf("published %d times, and %v are left", published.Load(), drafts(t, ada))
	}
	must[*postv1.DeleteDraftResponse](t)(ada.Posts.DeleteDraft(t.Context(), &postv1.DeleteDraftRequest{DraftId: empty.GetId()}))
	_, err = ada.Posts.DeleteDraft(t.Context(), &postv1.DeleteDraftRequest{DraftId: empty.GetId()})
	wantReason(t, "deleting once more", err, errorsv1.Reason_REASON_DRAFT_NOT_FOUND)
	p.Settle(t)
}

func TestDraftsAreBounded(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.InProcess())
	ada := p.User(t, "ada")
	for range 300 {
		draft(t, ada, &postv1.CreatePostRequest{})
	}
	_, err := ada.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: &postv1.CreatePostRequest{}})
	wantReason(t, "the 301st", err, errorsv1.Reason_REASON_TOO_MANY_DRAFTS)
}

func TestWhatCanBeScheduled(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	in := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(time.Now().Add(d)) }
	for name, c := range map[string]struct {
		request *postv1.CreatePostRequest
		want    errorsv1.Reason
	}{
		"the past":           {&postv1.CreatePostRequest{Text: "x", ScheduledTime: in(-time.Hour)}, errorsv1.Reason_REASON_SCHEDULED_TIME_INVALID},
		"too soon":           {&postv1.CreatePostRequest{Text: "x", ScheduledTime: in(30 * time.Second)}, errorsv1.Reason_REASON_SCHEDULED_TIME_INVALID},
		"too far":            {&postv1.CreatePostRequest{Text: "x", ScheduledTime: in(366 * 24 * time.Hour)}, errorsv1.Reason_REASON_SCHEDULED_TIME_INVALID},
		"no time":            {&postv1.CreatePostRequest{Text: "x", ScheduledTime: &timestamppb.Timestamp{Nanos: -1}}, errorsv1.Reason_REASON_SCHEDULED_TIME_INVALID},
		"nothing said":       {&postv1.CreatePostRequest{ScheduledTime: in(time.Hour)}, errorsv1.Reason_REASON_POST_EMPTY},
		"a reply to nothing": {&postv1.CreatePostRequest{Text: "x", ReplyToId: 7, ScheduledTime: in(time.Hour)}, errorsv1.Reason_REASON_POST_NOT_FOUND},
		"in an hour":         {&postv1.CreatePostRequest{Text: "x", ScheduledTime: in(time.Hour)}, errorsv1.Reason_REASON_UNSPECIFIED},
	} {
		_, err := ada.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: c.request})
		wantReason(t, name, err, c.want)
		answer, err := ada.Posts.CreatePost(t.Context(), c.request)
		wantReason(t, name, err, c.want)
		if err == nil && (answer.GetPost() != nil || !answer.GetDraft().GetPost().GetScheduledTime().AsTime().Equal(c.request.GetScheduledTime().AsTime().Truncate(time.Millisecond))) {
			t.Errorf("%s: answered %v", name, answer)
		}
	}
	if got := drafts(t, ada); len(got) != 2 || slices.ContainsFunc(got, func(d *postv1.Draft) bool { return d.GetPost().GetScheduledTime() == nil }) {
		t.Errorf("drafts %v", got)
	}
}
