package notification_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Audiences, for short.
const (
	everyone = notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_EVERYONE
	followed = notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_FOLLOWED
	noOne    = notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_NOBODY
)

// editOf asks to change the text of a post.
func editOf(postID int64, text string) *postv1.EditPostRequest {
	return &postv1.EditPostRequest{PostId: postID, Text: text, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"text"}}}
}

// signIn answers a client that somebody has signed in with anew.
func signIn(t testing.TB, p *pulsetest.Pulse, u *pulsetest.User) *pulse.Client {
	t.Helper()
	client := p.Client(t)
	_, err := client.LogIn(t.Context(), &identityv1.LogInRequest{Login: u.Handle, Password: u.Password})
	must(t, err)
	return client
}

func prefer(t testing.TB, u *pulsetest.User, prefs *notificationv1.Preferences, paths ...string) (*notificationv1.Preferences, error) {
	t.Helper()
	req := &notificationv1.UpdatePreferencesRequest{Preferences: prefs}
	if len(paths) > 0 {
		req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
	}
	answer, err := u.Notifications.UpdatePreferences(t.Context(), req)
	return answer.GetPreferences(), err
}

// Nobody is notified across a block, of whom they mute, of what says a word that they mute, nor of what they may not see.
func TestNobodyIsNotifiedOfWhatTheyDoNotWantOrMayNotSee(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, joe := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve"), p.User(t, "joe")
	hello := write(t, ada, "hello")
	like(t, eve, hello)
	of := by(&notificationv1.Notification{Kind: likes, PostId: hello}, eve)
	expect(t, "before", listed(t, p, ada), of)

	_, err := ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: bob.ID})
	must(t, err)
	like(t, bob, hello)
	write(t, bob, "@ada")
	expect(t, "bob is muted", listed(t, p, ada), of)
	_, err = ada.Graph.MuteWord(t.Context(), &graphv1.MuteWordRequest{Text: "football"})
	must(t, err)
	write(t, joe, "@ada Football!")
	expect(t, "a muted word", listed(t, p, ada), of)
	post(t, joe, &postv1.CreatePostRequest{Text: "a reply to nobody", Audience: postv1.Audience_AUDIENCE_FOLLOWERS, QuoteOfId: hello})
	expect(t, "a quote that she may not see", listed(t, p, ada), of)

	block(t, ada, eve)
	expect(t, "she blocks eve", listed(t, p, ada))
	if got := unread(t, ada); got != 0 {
		t.Errorf("%d unread, want none", got)
	}
	_, err = ada.Graph.UnblockUser(t.Context(), &graphv1.UnblockUserRequest{UserId: eve.ID})
	must(t, err)
	block(t, eve, ada)
	expect(t, "eve blocks her", listed(t, p, ada))
	_, err = eve.Graph.UnblockUser(t.Context(), &graphv1.UnblockUserRequest{UserId: ada.ID})
	must(t, err)
	p.Suspend(t, "eve")
	expect(t, "eve is suspended", listed(t, p, ada))
}

// People are told of each kind by whom and where they want.
func TestPreferencesDecideWhatOneIsToldOf(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, ada, bob)
	hello := write(t, ada, "hello")
	_, err := prefer(t, ada, &notificationv1.Preferences{Kinds: []*notificationv1.KindPreference{
		{Kind: likes, Audience: followed, InApp: true}, {Kind: mentions, Audience: noOne, InApp: true}, {Kind: reposts, InApp: false, Push: true},
	}})
	must(t, err)
	for _, who := range []*pulsetest.User{bob, eve} {
		like(t, who, hello)
		write(t, who, "@ada")
		repost(t, who, hello)
	}
	expect(t, "ada", listed(t, p, ada), by(&notificationv1.Notification{Kind: likes, PostId: hello}, bob))
	if got := sequences(t, database(t, p), ada); len(got) != 3 {
		t.Errorf("%d causes, want a like and two reposts that are shown nowhere", len(got))
	}
	if got := unread(t, ada); got != 1 {
		t.Errorf("%d unread, want 1", got)
	}
}

// What one of many wants does not get mixed up with what others do, when all are told of at once.
func TestWishesOfManyAtOnce(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	var people []*pulsetest.User
	var posts []int64
	for _, handle := range []string{"amy", "ben", "cat", "dan", "eli", "fay"} {
		people = append(people, p.User(t, handle))
		posts = append(posts, write(t, people[len(people)-1], "a post"))
	}
	for n, u := range people {
		if n%2 == 0 {
			_, err := prefer(t, u, &notificationv1.Preferences{Kinds: []*notificationv1.KindPreference{{Kind: likes, Audience: noOne}}})
			must(t, err)
			continue
		}
		_, err := u.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: people[0].ID})
		must(t, err)
	}
	p.Settle(t)
	likers, authors := people[:3], people[3:]
	for _, u := range likers {
		for _, id := range posts[len(likers):] {
			like(t, u, id)
		}
	}
	p.Settle(t)
	for n, u := range authors {
		var count, want int32
		for _, one := range list(t, u, &notificationv1.ListNotificationsRequest{}) {
			count += one.GetActorCount()
		}
		if n%2 == 0 { // The first of the authors is the fourth of the people.
			want = int32(len(likers) - 1) // All but whom they mute.
		}
		if count != want {
			t.Errorf("%s is told of %d likes, want %d", u.Handle, count, want)
		}
	}
}

// Preferences answer every kind, keep what is not named, and refuse hours and time zones that are none.
func TestPreferences(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	first, err := ada.Notifications.GetPreferences(t.Context(), &notificationv1.GetPreferencesRequest{})
	must(t, err)
	mailed := map[notificationv1.NotificationKind]bool{requests: true, mentions: true, replies: true, eventCancelled: true, eventPromoted: true}
	for i, k := range first.GetPreferences().GetKinds() {
		want := &notificationv1.KindPreference{
			Kind: notificationv1.NotificationKind(i + 1), Audience: everyone, InApp: true, Push: true, Email: mailed[k.GetKind()],
		}
		if !proto.Equal(k, want) {
			t.Errorf("at first %v, want %v", k, want)
		}
	}
	if got := len(first.GetPreferences().GetKinds()); got != int(eventReminder) {
		t.Errorf("%d kinds, want %d", got, eventReminder)
	}
	hours := &notificationv1.QuietHours{Enabled: true, StartMinute: 22 * 60, EndMinute: 7 * 60, TimeZone: "Europe/Berlin"}
	changed, err := prefer(t, ada, &notificationv1.Preferences{
		Kinds:      []*notificationv1.KindPreference{{Kind: messages, Audience: noOne}, {Kind: messages, Audience: followed, Push: true}},
		QuietHours: hours,
	})
	must(t, err)
	want := proto.CloneOf(first.GetPreferences())
	want.QuietHours, want.Kinds[messages-1] = hours, &notificationv1.KindPreference{Kind: messages, Audience: followed, Push: true}
	if !proto.Equal(changed, want) {
		t.Errorf("changed to %v, want %v", changed, want)
	}
	kept, err := prefer(t, ada, &notificationv1.Preferences{Kinds: first.GetPreferences().GetKinds()[:1]}, "kinds")
	must(t, err)
	if !proto.Equal(kept, want) {
		t.Errorf("what was not named is %v, want %v", kept, want)
	}
	none, err := prefer(t, ada, &notificationv1.Preferences{}, "quiet_hours")
	must(t, err)
	if none.GetQuietHours().GetEnabled() {
		t.Errorf("quiet hours %v, want none", none.GetQuietHours())
	}
	for _, refused := range []struct {
		hours *notificationv1.QuietHours
		path  string
		want  errorsv1.Reason
	}{
		{&notificationv1.QuietHours{Enabled: true, StartMinute: 60, EndMinute: 60, TimeZone: "UTC"}, "quiet_hours", errorsv1.Reason_REASON_QUIET_HOURS_INVALID},
		{&notificationv1.QuietHours{Enabled: true, EndMinute: 60, TimeZone: "Mars/Olympus"}, "quiet_hours", errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		{&notificationv1.QuietHours{Enabled: true, EndMinute: 60}, "quiet_hours", errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		{&notificationv1.QuietHours{Enabled: true, EndMinute: 60, TimeZone: "Local"}, "quiet_hours", errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		{&notificationv1.QuietHours{Enabled: true, EndMinute: 60, TimeZone: "../../etc/passwd"}, "quiet_hours", errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		{nil, "loudness", errorsv1.Reason_REASON_UPDATE_MASK_INVALID},
	} {
		_, err := prefer(t, ada, &notificationv1.Preferences{QuietHours: refused.hours}, refused.path)
		wantReason(t, refused.hours.String(), err, refused.want)
	}
}
