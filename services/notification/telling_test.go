package notification_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmail"
	"github.com/pulse-social/pulse/services/internal/testpush"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/webpush"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A telling is a Pulse with a push service, a mail server, and a clock that a test puts forward.
type telling struct {
	*pulsetest.Pulse

	push  *testpush.Server
	mail  *testmail.Server
	ahead atomic.Int64
}

// startTelling starts all of it.
func startTelling(t *testing.T) *telling {
	t.Helper()
	key, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s := &telling{push: testpush.Start(t), mail: testmail.Start(t)}
	s.Pulse = pulsetest.Start(t,
		pulsetest.WithClock(s.now), pulsetest.WithEnv("PULSE_SMTP_URL", s.mail.URL()), pulsetest.WithEnv("PULSE_MAIL_FROM", "Pulse <no-reply@example.org>"),
		pulsetest.WithEnv("PULSE_PUSH_KEY", key), pulsetest.WithEnv("PULSE_PUSH_CONTACT", "mailto:operator@example.org"),
		pulsetest.WithEnv("PULSE_LOG_LEVEL", "debug"), pulsetest.WithEnv("PULSE_PUSH_PRIVATE", "true"), pulsetest.WithEnv("PULSE_PUSH_CA_FILE", s.push.CAFile(t)))
	return s
}

func (s *telling) now() time.Time {
	return time.Now().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Millisecond)
}

func (s *telling) advance(d time.Duration) { s.ahead.Add(int64(d)) }

// subscribe has somebody's notifications pushed to a browser.
func subscribe(t *testing.T, u *pulse.Client, b *testpush.Browser) (*notificationv1.PushSubscription, error) {
	t.Helper()
	answer, err := u.Notifications.CreatePushSubscription(t.Context(), &notificationv1.CreatePushSubscriptionRequest{
		Endpoint: b.Endpoint, P256Dh: b.PublicKey(), Auth: b.Auth(), Device: "laptop",
	})
	return answer.GetSubscription(), err
}

// browser is one that somebody has subscribed with.
func (s *telling) browser(t *testing.T, u *pulse.Client) *testpush.Browser {
	t.Helper()
	b := s.push.Subscribe(t)
	if _, err := subscribe(t, u, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// pushed is what is in a push.
type pushed struct {
	ID, Kind string
	Actor    struct{ Handle, Name string }
	Others   int
	PostID   string `json:"post_id"`
}

func read(t *testing.T, p testpush.Push) (what pushed) {
	t.Helper()
	if err := json.Unmarshal(p.Payload, &what); err != nil {
		t.Fatalf("%s: %v", p.Payload, err)
	}
	return what
}

func TestPush(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	b := s.browser(t, ada.Client)
	hello := post(t, ada, &postv1.CreatePostRequest{Text: "hello"})
	reply := post(t, bob, &postv1.CreatePostRequest{Text: "a secret answer", ReplyToId: hello})
	got := s.push.Wait(t, b, 1)
	what := read(t, got)
	if what.Kind != "REPLY" || what.Actor.Handle != "bob" || what.Others != 0 || what.PostID != fmt.Sprint(reply) || strings.Contains(string(got.Payload), "secret") {
		t.Errorf("pushed %s", got.Payload)
	}
	key, err := ada.Notifications.GetPushKey(t.Context(), &notificationv1.GetPushKeyRequest{})
	if err != nil || got.Key != key.GetPublicKey() || got.Contact != "mailto:operator@example.org" || got.TTL != 86400 || got.Urgency != "normal" || got.Topic == "" {
		t.Errorf("pushed as %+v, the key is %v, %v", got, key, err)
	}
	like(t, bob, hello)
	like := read(t, s.push.Wait(t, b, 2))
	if like.Kind != "LIKE" || like.PostID != fmt.Sprint(hello) || like.ID == what.ID {
		t.Errorf("pushed %+v", like)
	}
	s.Settle(t)
	if n := len(s.push.Pushes(b)); n != 2 {
		t.Errorf("%d pushes, want 2", n)
	}
}

// TestPushesAreFewerThanLikes has many like a post: the 1st, 2nd, 5th and 10th are pushed at most, each once.
func TestPushesAreFewerThanLikes(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada := s.User(t, "ada")
	b := s.browser(t, ada.Client)
	hello := post(t, ada, &postv1.CreatePostRequest{Text: "hello"})
	for i, pushes := 1, 0; i <= 10; i++ {
		like(t, s.User(t, fmt.Sprintf("fan%d", i)), hello)
		if i == 1 || i == 2 || i == 5 || i == 10 {
			pushes++
			if what := read(t, s.push.Wait(t, b, pushes)); what.Others != i-1 {
				t.Errorf("like %d: pushed %+v", i, what)
			}
		}
		s.Settle(t)
	}
	if n := len(s.push.Pushes(b)); n != 4 {
		t.Errorf("%d pushes of 10 likes, want 4", n)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	b := s.browser(t, ada.Client)
	s.push.Answer(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	post(t, bob, &postv1.CreatePostRequest{Text: "hello @ada"})
	// Until then, Pulse does not know what became of the try, and after ten minutes it would not try again.
	testwait.Until(t, "the first try", func() bool { return strings.Contains(s.Log(), "a delivery will be tried again") })
	s.push.Answer(nil)
	s.advance(10 * time.Minute)
	other := s.browser(t, ada.Client)
	post(t, bob, &postv1.CreatePostRequest{Text: "another for @ada"})
	s.push.Wait(t, b, 1)
	s.push.Wait(t, other, 1)
	if tries := s.push.Tries(); tries != 3 {
		t.Errorf("%d tries before the push service wants to be called again, want 3", tries)
	}
	s.advance(time.Hour)
	s.push.Wait(t, b, 2)
	s.Settle(t)
}

// TestGone has the push service say that a browser is gone: nothing is sent to it any more.
func TestGone(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	s.browser(t, ada.Client)
	s.push.Answer(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusGone); return true })
	post(t, bob, &postv1.CreatePostRequest{Text: "hello @ada"})
	testwait.Until(t, "the subscription to end", func() bool { return len(browsers(t, ada.Client)) == 0 })
}

// TestUnknownOutcome breaks the connection instead of an answer, and stops the Pulse in the middle of another push: neither is
// sent again, whatever the time.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	b := s.browser(t, ada.Client)
	s.push.Answer(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
	post(t, bob, &postv1.CreatePostRequest{Text: "hello @ada"})
	testwait.Until(t, "it to be given up", func() bool { return strings.Contains(s.Log(), "a push was given up") })
	began, free := make(chan struct{}), make(chan struct{})
	s.push.Answer(func(_ http.ResponseWriter, r *http.Request) bool {
		close(began)
		<-free
		panic(http.ErrAbortHandler)
	})
	post(t, bob, &postv1.CreatePostRequest{Text: "again @ada"})
	<-began
	s.Restart(t, nil)
	close(free)
	s.push.Answer(nil)
	s.advance(2 * time.Hour)
	bobAgain := s.Client(t)
	if _, err := bobAgain.LogIn(t.Context(), &identityv1.LogInRequest{Login: "bob", Password: bob.Password}); err != nil {
		t.Fatal(err)
	}
	if _, err := bobAgain.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "third @ada"}); err != nil {
		t.Fatal(err)
	}
	s.push.Wait(t, b, 1)
	s.Settle(t)
	if tries := s.push.Tries(); tries != 3 {
		t.Errorf("%d tries of three pushes", tries)
	}
}

// TestQuietHoursPutPushesOff has two people like a post, one of whom takes it back, while its author is left alone.
func TestQuietHoursPutPushesOff(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob, eve := s.User(t, "ada"), s.User(t, "bob"), s.User(t, "eve")
	b := s.browser(t, ada.Client)
	now := s.now()
	minute := int32(now.Hour()*60 + now.Minute())
	_, err := ada.Notifications.UpdatePreferences(t.Context(), &notificationv1.UpdatePreferencesRequest{Preferences: &notificationv1.Preferences{
		QuietHours: &notificationv1.QuietHours{Enabled: true, StartMinute: (minute + 1439) % 1440, EndMinute: (minute + 120) % 1440, TimeZone: "UTC"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	hello := post(t, ada, &postv1.CreatePostRequest{Text: "hello"})
	like(t, bob, hello)
	s.Settle(t)
	like(t, eve, hello)
	s.Settle(t)
	if _, err := eve.Posts.UnlikePost(t.Context(), &postv1.UnlikePostRequest{PostId: hello}); err != nil {
		t.Fatal(err)
	}
	s.Settle(t)
	if n := s.push.Tries(); n != 0 {
		t.Errorf("%d pushes within quiet hours", n)
	}
	s.advance(2*time.Hour + time.Minute)
	if what := read(t, s.push.Wait(t, b, 1)); what.Kind != "LIKE" || what.Actor.Handle != "bob" || what.Others != 0 {
		t.Errorf("after quiet hours: %+v", what)
	}
	post(t, bob, &postv1.CreatePostRequest{Text: "good morning @ada"})
	if what := read(t, s.push.Wait(t, b, 2)); what.Kind != "MENTION" {
		t.Errorf("the second push is %+v, want one for all likes", what)
	}
}

// browsers answers somebody's subscriptions.
func browsers(t *testing.T, u *pulse.Client) []*notificationv1.PushSubscription {
	t.Helper()
	answer, err := u.Notifications.ListPushSubscriptions(t.Context(), &notificationv1.ListPushSubscriptionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetSubscriptions()
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	b := s.push.Subscribe(t)
	first, err := subscribe(t, ada.Client, b)
	if err != nil || first.GetHost() != "127.0.0.1" || first.GetDevice() != "laptop" || !first.GetCurrent() {
		t.Fatalf("subscribed: %v, %v", first, err)
	}
	again, err := subscribe(t, ada.Client, b)
	if err != nil || again.GetId() != first.GetId() {
		t.Errorf("subscribed again: %v, %v", again, err)
	}
	moved, err := subscribe(t, bob.Client, b)
	if err != nil || moved.GetId() == first.GetId() || len(browsers(t, ada.Client)) != 0 || len(browsers(t, bob.Client)) != 1 {
		t.Errorf("the browser of another: %v, %v", moved, err)
	}
	_, err = ada.Notifications.DeletePushSubscription(t.Context(), &notificationv1.DeletePushSubscriptionRequest{SubscriptionId: moved.GetId()})
	wantReason(t, "another's subscription", err, errorsv1.Reason_REASON_PUSH_SUBSCRIPTION_NOT_FOUND)
	if _, err = bob.Notifications.DeletePushSubscription(t.Context(), &notificationv1.DeletePushSubscriptionRequest{SubscriptionId: moved.GetId()}); err != nil || len(browsers(t, bob.Client)) != 0 {
		t.Errorf("delete: %v", err)
	}
	for range 20 {
		s.browser(t, ada.Client)
	}
	_, err = subscribe(t, ada.Client, s.push.Subscribe(t))
	wantReason(t, "the 21st", err, errorsv1.Reason_REASON_TOO_MANY_PUSH_SUBSCRIPTIONS)
	bad := *b
	bad.Endpoint = "http://push.example.org"
	_, err = subscribe(t, bob.Client, &bad)
	wantReason(t, "an endpoint without TLS", err, errorsv1.Reason_REASON_PUSH_ENDPOINT_INVALID)
	_, err = bob.Notifications.CreatePushSubscription(t.Context(), &notificationv1.CreatePushSubscriptionRequest{Endpoint: b.Endpoint, P256Dh: b.Auth(), Auth: b.Auth()})
	wantReason(t, "a short key", err, errorsv1.Reason_REASON_PUSH_KEYS_INVALID)
}

// TestSubscriptionsEndWithTheirSession logs out: what comes then is pushed to nobody.
func TestSubscriptionsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	out := s.Client(t)
	if _, err := out.LogIn(t.Context(), &identityv1.LogInRequest{Login: "ada", Password: ada.Password}); err != nil {
		t.Fatal(err)
	}
	gone, stays := s.browser(t, out), s.browser(t, ada.Client)
	if _, err := out.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	post(t, bob, &postv1.CreatePostRequest{Text: "hello @ada"})
	s.push.Wait(t, stays, 1)
	s.Settle(t)
	if n := len(s.push.Pushes(gone)); n != 0 || len(browsers(t, ada.Client)) != 1 {
		t.Errorf("%d pushes to a browser that was logged out, of %v", n, browsers(t, ada.Client))
	}
}

func TestPushUnavailable(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	_, err := ada.Notifications.GetPushKey(t.Context(), &notificationv1.GetPushKeyRequest{})
	wantReason(t, "the key", err, errorsv1.Reason_REASON_PUSH_UNAVAILABLE)
	_, err = subscribe(t, ada.Client, testpush.NewBrowser(t, "https://push.example.org/1"))
	wantReason(t, "a subscription", err, errorsv1.Reason_REASON_PUSH_UNAVAILABLE)
}

// TestMail has a reply mailed to the verified address, once while it was not read, until its recipient declines that.
func TestMail(t *testing.T) {
	t.Parallel()
	s := startTelling(t)
	ada, bob, eve := s.User(t, "ada"), s.User(t, "bob"), s.User(t, "eve")
	for _, u := range []*pulsetest.User{ada} {
		token := s.mail.Wait(t, u.Email, "confirm", 1).Token(t)
		if _, err := u.Identity.VerifyEmail(t.Context(), &identityv1.VerifyEmailRequest{Token: token}); err != nil {
			t.Fatal(err)
		}
	}
	hello := post(t, ada, &postv1.CreatePostRequest{Text: "hello"})
	like(t, bob, hello) // No mail, unless one asks for it.
	post(t, bob, &postv1.CreatePostRequest{Text: "a secret answer", ReplyToId: hello})
	mail := s.mail.Wait(t, ada.Email, "replied", 1)
	if mail.Subject != "@bob replied to your post" || strings.Contains(mail.Text, "secret") || !strings.Contains(mail.Text, "/notifications") || mail.Unsubscribe == "" {
		t.Errorf("the mail is %+v", mail)
	}
	// Nobody has proved bob's address.
	post(t, ada, &postv1.CreatePostRequest{Text: "hello @bob"})
	s.Settle(t)
	if mails := s.mail.To(bob.Email); len(mails) != 1 {
		t.Errorf("bob got %d mails, want the one that asks for a proof", len(mails))
	}
	_, path, _ := strings.Cut(mail.Unsubscribe, "localhost:8080")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", method, answer, err)
		}
		answer.Body.Close()
		s.Settle(t)
		if on, want := mailed(t, ada.Client), method == http.MethodGet; on != want {
			t.Errorf("after %s replies are mailed: %t", method, on)
		}
	}
	post(t, eve, &postv1.CreatePostRequest{Text: "another answer", ReplyToId: hello})
	post(t, eve, &postv1.CreatePostRequest{Text: "hello @ada"}) // Mentions still are.
	s.mail.Wait(t, ada.Email, "@eve mentioned you", 1)
	s.Settle(t)
	if n := len(s.mail.To(ada.Email)); n != 3 {
		t.Errorf("ada got %d mails, want 3", n)
	}
}

// mailed tells whether replies are mailed to somebody.
func mailed(t *testing.T, u *pulse.Client) bool {
	t.Helper()
	answer, err := u.Notifications.GetPreferences(t.Context(), &notificationv1.GetPreferencesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range answer.GetPreferences().GetKinds() {
		if kind.GetKind() == notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY {
			return kind.GetEmail()
		}
	}
	return false
}
