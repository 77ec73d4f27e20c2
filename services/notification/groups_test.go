package notification_test

import (
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// mark marks a notification as read or not, and answers how many are not.
func mark(t testing.TB, u *pulsetest.User, n *notificationv1.Notification, asUnread bool) int32 {
	t.Helper()
	answer, err := u.Notifications.MarkNotificationRead(t.Context(), &notificationv1.MarkNotificationReadRequest{NotificationId: n.GetId(), Unread: asUnread})
	must(t, err)
	return answer.GetUnreadCount()
}

func markAll(t testing.TB, u *pulsetest.User, upTo int64) int32 {
	t.Helper()
	answer, err := u.Notifications.MarkAllNotificationsRead(t.Context(), &notificationv1.MarkAllNotificationsReadRequest{UpToSequence: upTo})
	must(t, err)
	return answer.GetUnreadCount()
}

// Likes of one post are one notification until it is read; what comes then begins another, and taking the reading back makes
// one of both again.
func TestLikesAreGroupedUntilTheyAreRead(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, joe, zoe := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve"), p.User(t, "joe"), p.User(t, "zoe")
	hello := write(t, ada, "hello")
	of := &notificationv1.Notification{Kind: likes, PostId: hello}
	for _, who := range []*pulsetest.User{bob, eve, joe, zoe} {
		like(t, who, hello)
		p.Settle(t)
	}
	all := listed(t, p, ada)
	expect(t, "four", all, by(of, zoe, joe, eve, bob))
	if all[0].GetSequence() != 4 || all[0].GetCreateTime().AsTime().After(all[0].GetUpdateTime().AsTime()) {
		t.Errorf("sequence %d, begun %v, changed %v", all[0].GetSequence(), all[0].GetCreateTime().AsTime(), all[0].GetUpdateTime().AsTime())
	}
	unlike(t, zoe, hello)
	expect(t, "one taken back", listed(t, p, ada), by(of, joe, eve, bob))
	if got := mark(t, ada, all[0], false); got != 0 {
		t.Errorf("%d unread, want 0", got)
	}
	like(t, zoe, hello) // It was known.
	read := &notificationv1.Notification{Kind: likes, PostId: hello, Read: true}
	expect(t, "done again", listed(t, p, ada), by(read, zoe, joe, eve, bob))
	mia := p.User(t, "mia")
	like(t, mia, hello)
	expect(t, "after it was read", listed(t, p, ada), by(of, mia), by(read, zoe, joe, eve, bob))
	if got := mark(t, ada, all[0], true); got != 1 {
		t.Errorf("%d unread, want 1", got)
	}
	expect(t, "taken in", listed(t, p, ada), by(of, mia, zoe, joe, eve, bob))
	if got := sequences(t, database(t, p), ada); !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
		t.Errorf("sequences %v, want 1 to 5", got)
	}
}

// What is shown can be asked for by id, in the order asked; of others' nothing is told.
func TestNotificationsAreTheirRecipientsAlone(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	first, second := write(t, ada, "first"), write(t, ada, "second")
	like(t, bob, first)
	p.Settle(t)
	like(t, bob, second)
	all := listed(t, p, ada)
	ids := []int64{all[1].GetId(), 7, all[0].GetId()}
	answer, err := ada.Notifications.BatchGetNotifications(t.Context(), &notificationv1.BatchGetNotificationsRequest{NotificationIds: ids})
	must(t, err)
	expect(t, "in the order asked", answer.GetNotifications(),
		by(&notificationv1.Notification{Kind: likes, PostId: first}, bob), by(&notificationv1.Notification{Kind: likes, PostId: second}, bob))
	answer, err = bob.Notifications.BatchGetNotifications(t.Context(), &notificationv1.BatchGetNotificationsRequest{NotificationIds: ids})
	must(t, err)
	expect(t, "another's", answer.GetNotifications())
	_, err = bob.Notifications.MarkNotificationRead(t.Context(), &notificationv1.MarkNotificationReadRequest{NotificationId: all[0].GetId()})
	wantReason(t, "another's", err, errorsv1.Reason_REASON_NOTIFICATION_NOT_FOUND)
	if got := unread(t, ada); got != 2 {
		t.Errorf("%d unread, want 2", got)
	}
	_, err = ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: second})
	must(t, err)
	expect(t, "of a deleted post", listed(t, p, ada), by(&notificationv1.Notification{Kind: likes, PostId: first}, bob))
	if got := unread(t, ada); got != 1 {
		t.Errorf("%d unread, want 1", got)
	}
	_, err = ada.Notifications.MarkNotificationRead(t.Context(), &notificationv1.MarkNotificationReadRequest{NotificationId: all[0].GetId()})
	wantReason(t, "of a deleted post", err, errorsv1.Reason_REASON_NOTIFICATION_NOT_FOUND)
}

// Pages are full and follow each other; all can be marked as read up to one that was seen.
func TestPagesAndReadingUpToOne(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	var want []int64
	for range 5 {
		of := write(t, ada, "a post")
		like(t, bob, of)
		p.Settle(t)
		like(t, eve, write(t, ada, "another"))
		p.Settle(t)
		want = append([]int64{of}, want...)
	}
	block(t, eve, ada) // Half of them are not shown any more.
	var got []int64
	pages := 0
	req := &notificationv1.ListNotificationsRequest{PageSize: 2}
	for {
		page, err := ada.Notifications.ListNotifications(t.Context(), req)
		must(t, err)
		pages++
		for _, n := range page.GetNotifications() {
			got = append(got, n.GetPostId())
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%d pages with %v, want 3 with %v", pages, got, want)
	}
	all := listed(t, p, ada)
	if got := markAll(t, ada, all[2].GetSequence()); got != 2 {
		t.Errorf("%d unread, want the 2 newest", got)
	}
	if got := list(t, ada, &notificationv1.ListNotificationsRequest{UnreadOnly: true}); len(got) != 2 || got[1].GetId() != all[1].GetId() {
		t.Errorf("unread: %v, want the 2 newest of %v", got, all)
	}
	if got := markAll(t, ada, 0); got != 0 {
		t.Errorf("%d unread, want none", got)
	}
	_, err := ada.Notifications.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{PageToken: "made up"})
	wantReason(t, "a token that is none", err, errorsv1.Reason_REASON_PAGE_TOKEN_INVALID)
}
