package media_test

import (
	"net/http"
	"strings"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Who sees a post sees its pictures, and nobody else does, from one call to the next.
func TestPicturesAreForWhomThePostIs(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, fan, stranger := p.User(t, "ada"), p.User(t, "fan"), p.User(t, "stranger")
	follow(t, fan, ada)
	loose, open, closed := upload(t, ada, "loose"), upload(t, ada, "open"), upload(t, ada, "closed")
	public := post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, open)
	followers := post(t, ada, postv1.Audience_AUDIENCE_FOLLOWERS, closed)
	anyone := &pulsetest.User{Client: p.Client(t)}

	want := func(when string, media *mediav1.Media, may ...*pulsetest.User) {
		t.Helper()
		for _, who := range []*pulsetest.User{anyone, stranger, fan, ada} {
			should := false
			for _, is := range may {
				should = should || is == who
			}
			for _, v := range media.GetVariants() {
				if got := sees(t, who.Client, v.GetUrl()); got != should {
					t.Errorf("%s: %q sees %s of the picture %q: %t, want %t", when, who.Handle, v.GetSize(), media.GetAltText(), got, should)
				}
			}
		}
	}
	want("at first", loose, ada)
	want("at first", open, anyone, stranger, fan, ada)
	want("at first", closed, fan, ada)

	_, err := fan.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: ada.ID})
	must(t, err)
	want("without a follower", closed, ada)
	follow(t, fan, ada)
	block(t, ada, stranger)
	want("across a block", open, anyone, fan, ada)
	setProfile(t, ada, &userv1.Profile{Private: true}, "private")
	want("of a private account", open, fan, ada)
	_, err = ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{
		PostId: followers.GetId(), Text: "look away", UpdateMask: mask("text", "media_ids"),
	})
	must(t, err)
	want("taken off by an edit", closed, ada)
	_, err = ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: public.GetId()})
	must(t, err)
	want("of a deleted post", open, ada)

	shown := upload(t, stranger, "shown")
	post(t, stranger, postv1.Audience_AUDIENCE_PUBLIC, shown)
	if !sees(t, fan.Client, shown.GetVariants()[0].GetUrl()) {
		t.Error("fan does not see what everybody may")
	}
	p.Suspend(t, "stranger")
	for _, who := range []*pulsetest.User{anyone, fan} {
		if sees(t, who.Client, shown.GetVariants()[0].GetUrl()) {
			t.Errorf("%q sees a picture of a suspended account", who.Handle)
		}
	}
}

// What one may not see answers byte for byte as what is not there.
func TestHiddenPicturesAnswerLikeAbsentOnes(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	hidden := upload(t, ada, "hidden")
	post(t, ada, postv1.Audience_AUDIENCE_FOLLOWERS, hidden)
	for _, query := range []string{"", "?key=" + keyOf(t, bob)} {
		absent := fetch(t, p, "/media/1/small"+query)
		for _, address := range []string{hidden.GetVariants()[0].GetUrl(), strings.Replace(hidden.GetVariants()[0].GetUrl(), "original", "huge", 1)} {
			if got := fetch(t, p, address+query); got.status != http.StatusNotFound || got.body != absent.body || len(got.header) != len(absent.header) {
				t.Errorf("%s answers %v, and what is not there %v", address, got, absent)
			}
		}
	}
	_, err := bob.Media.GetMedia(t.Context(), &mediav1.GetMediaRequest{MediaId: hidden.GetId()})
	wantReason(t, "get another's picture", err, errorsv1.Reason_REASON_MEDIA_NOT_FOUND)
	_, err = bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "mine now", MediaIds: []int64{hidden.GetId()}})
	wantReason(t, "post another's picture", err, errorsv1.Reason_REASON_MEDIA_NOT_FOUND)
	_, err = bob.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: &postv1.CreatePostRequest{MediaIds: []int64{hidden.GetId()}}})
	wantReason(t, "keep another's picture in a draft", err, errorsv1.Reason_REASON_MEDIA_NOT_FOUND)
	_, err = bob.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{AvatarMediaId: hidden.GetId()}, UpdateMask: mask("avatar_media_id"),
	})
	wantReason(t, "look like another", err, errorsv1.Reason_REASON_MEDIA_NOT_FOUND)
}

func TestPostsShowTheirPictures(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	follow(t, bob, ada)
	one, two := upload(t, ada, "one"), upload(t, ada, "two")

	silent, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{MediaIds: []int64{two.GetId(), one.GetId()}})
	must(t, err) // Pictures say enough.
	texts := func(media []*mediav1.Media) string {
		var all []string
		for _, m := range media {
			all = append(all, m.GetAltText())
		}
		return strings.Join(all, ",")
	}
	if got := texts(silent.GetPost().GetMedia()); got != "two,one" || len(silent.GetPost().GetMedia()[0].GetVariants()) == 0 {
		t.Errorf("the post answers %q, want two,one: %v", got, silent.GetPost().GetMedia())
	}
	inTimeline := func(want string) func() bool {
		return func() bool {
			page, err := bob.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
			must(t, err)
			return len(page.GetPosts()) == 1 && texts(page.GetPosts()[0].GetMedia()) == want
		}
	}
	testwait.Until(t, "the pictures are in the timeline", inTimeline("two,one"))
	_, err = ada.Media.UpdateMedia(t.Context(), &mediav1.UpdateMediaRequest{MediaId: one.GetId(), AltText: "first"})
	must(t, err)
	testwait.Until(t, "what a picture says is changed in the timeline", inTimeline("two,first"))
	_, err = ada.Media.DeleteMedia(t.Context(), &mediav1.DeleteMediaRequest{MediaId: one.GetId()})
	wantReason(t, "delete what is attached", err, errorsv1.Reason_REASON_MEDIA_ATTACHED)

	_, err = ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{
		PostId: silent.GetPost().GetId(), UpdateMask: mask("media_ids"),
	})
	wantReason(t, "leave nothing", err, errorsv1.Reason_REASON_POST_EMPTY)
	_, err = ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{
		PostId: silent.GetPost().GetId(), MediaIds: []int64{one.GetId()}, UpdateMask: mask("media_ids"),
	})
	must(t, err)
	testwait.Until(t, "the edit is in the timeline", inTimeline("first"))
	for who, want := range map[*pulsetest.User]string{ada: "first|two,first", bob: "first|first"} {
		versions, err := who.Posts.ListPostVersions(t.Context(), &postv1.ListPostVersionsRequest{PostId: silent.GetPost().GetId()})
		must(t, err)
		var all []string
		for _, v := range versions.GetVersions() {
			all = append(all, texts(v.GetMedia()))
		}
		if got := strings.Join(all, "|"); got != want {
			t.Errorf("%s sees the versions %q, want %q", who.Handle, got, want)
		}
	}
	repost, err := bob.Posts.RepostPost(t.Context(), &postv1.RepostPostRequest{PostId: silent.GetPost().GetId()})
	must(t, err)
	if got := texts(repost.GetPost().GetRepostOf().GetMedia()); got != "first" {
		t.Errorf("the repost shows %q, want first", got)
	}
	p.Settle(t)
}

func TestAvatarAndHeader(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	avatar, header := upload(t, ada, "me"), upload(t, ada, "my street")
	setProfile(t, ada, &userv1.Profile{AvatarMediaId: avatar.GetId(), HeaderMediaId: header.GetId()}, "avatar_media_id", "header_media_id")
	block(t, ada, eve)

	got, err := bob.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: ada.ID}})
	must(t, err)
	if got.GetUser().GetAvatar().GetAltText() != "me" || got.GetUser().GetHeader().GetAltText() != "my street" {
		t.Errorf("the profile has %v and %v", got.GetUser().GetAvatar(), got.GetUser().GetHeader())
	}
	written := post(t, ada, postv1.Audience_AUDIENCE_PUBLIC)
	beside := written.GetAuthor().GetAvatarUrl()
	if !sees(t, p.Client(t), beside) || !sees(t, bob.Client, beside) || sees(t, eve.Client, beside) {
		t.Error("want that everybody sees the avatar beside a post, but whom ada blocks")
	}
	_, err = ada.Media.DeleteMedia(t.Context(), &mediav1.DeleteMediaRequest{MediaId: avatar.GetId()})
	wantReason(t, "delete the avatar that one has", err, errorsv1.Reason_REASON_MEDIA_ATTACHED)

	setProfile(t, ada, &userv1.Profile{}, "avatar_media_id")
	if sees(t, bob.Client, beside) || !sees(t, bob.Client, header.GetVariants()[0].GetUrl()) {
		t.Error("want that the avatar is gone, and the header is not")
	}
	testwait.Until(t, "the post is without an avatar", func() bool {
		answer, err := bob.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: written.GetId()})
		must(t, err)
		return answer.GetPost().GetAuthor().GetAvatarUrl() == ""
	})
	p.Settle(t)
}

func TestPicturesInMessages(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	for _, who := range []*pulsetest.User{bob, eve} {
		follow(t, who, ada)
	}
	group, err := ada.Messaging.CreateGroup(t.Context(), &messagingv1.CreateGroupRequest{Title: "us", UserIds: []int64{bob.ID, eve.ID}})
	must(t, err)
	media := upload(t, ada, "us")
	address := media.GetVariants()[0].GetUrl()
	if sees(t, bob.Client, address) {
		t.Error("bob sees what was not sent yet")
	}
	sent, err := ada.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{
		ConversationId: group.GetConversation().GetId(), MediaIds: []int64{media.GetId()},
	})
	must(t, err)
	read := func(who *pulsetest.User) *messagingv1.Message {
		page, err := who.Messaging.ListMessages(t.Context(), &messagingv1.ListMessagesRequest{ConversationId: group.GetConversation().GetId()})
		must(t, err)
		for _, m := range page.GetMessages() {
			if m.GetId() == sent.GetMessage().GetId() {
				return m
			}
		}
		t.Fatal("the message is not there")
		return nil
	}
	if got := read(bob).GetMedia(); len(got) != 1 || got[0].GetAltText() != "us" || sent.GetMessage().GetMedia()[0].GetAltText() != "us" {
		t.Errorf("bob reads %v, ada has sent %v", got, sent.GetMessage().GetMedia())
	}
	if !sees(t, bob.Client, address) || !sees(t, eve.Client, address) || sees(t, p.Client(t), address) {
		t.Error("want that the members see the picture, and nobody else")
	}
	block(t, eve, ada)
	if len(read(eve).GetMedia()) != 0 || sees(t, eve.Client, address) {
		t.Error("eve sees the picture across a block")
	}
	_, err = bob.Messaging.LeaveConversation(t.Context(), &messagingv1.LeaveConversationRequest{ConversationId: group.GetConversation().GetId()})
	must(t, err)
	if sees(t, bob.Client, address) {
		t.Error("bob sees the picture after he left")
	}
	_, err = ada.Messaging.EditMessage(t.Context(), &messagingv1.EditMessageRequest{MessageId: sent.GetMessage().GetId(), Text: ""})
	must(t, err) // The picture says enough.
	_, err = ada.Messaging.DeleteMessage(t.Context(), &messagingv1.DeleteMessageRequest{MessageId: sent.GetMessage().GetId()})
	must(t, err)
	if got := read(ada); len(got.GetMedia()) != 0 {
		t.Errorf("the deleted message shows %v", got.GetMedia())
	}
	_, err = ada.Media.DeleteMedia(t.Context(), &mediav1.DeleteMediaRequest{MediaId: media.GetId()})
	must(t, err)
	p.Settle(t)
}

// A delivery key is as good as the session that it was made in, and for pictures alone.
func TestDeliveryKeys(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada := p.User(t, "ada")
	address := upload(t, ada, "mine").GetVariants()[0].GetUrl()
	key := keyOf(t, ada)
	if got := fetch(t, p, address+"?key="+key); got.status != http.StatusOK {
		t.Errorf("with a key: HTTP %d", got.status)
	}
	if got := fetch(t, p, "/v1/profile?key="+key); got.status == http.StatusOK {
		t.Error("a delivery key opens an API")
	}
	if got := fetch(t, p, address, "Authorization", "Bearer "+key); got.status != http.StatusUnauthorized {
		t.Errorf("a delivery key as an access token: HTTP %d", got.status)
	}
	for _, bad := range []string{"", "x", key + "x", strings.ToUpper(key), "../" + key} {
		if got := fetch(t, p, address+"?key="+bad); got.status != http.StatusUnauthorized {
			t.Errorf("with the key %.20q: HTTP %d, want 401", bad, got.status)
		}
	}
	clock.forward(31)
	if got := fetch(t, p, address+"?key="+key); got.status != http.StatusUnauthorized {
		t.Errorf("with a key of half an hour ago: HTTP %d", got.status)
	}
	key = keyOf(t, ada)
	_, err := ada.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{})
	must(t, err)
	if got := fetch(t, p, address+"?key="+key); got.status != http.StatusUnauthorized {
		t.Errorf("with a key of a session that has ended: HTTP %d", got.status)
	}
}
