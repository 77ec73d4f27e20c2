package webpush

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"

	"github.com/pulse-social/pulse/services/internal/outbound"
)

// MaxPayload is how large a payload may be, in bytes. All messages are padded to the same size of 4,096 bytes, which every
// push service takes (RFC 8030, section 7.2), so that their length tells nothing.
const MaxPayload = 3 << 10

// A Message is what is sent.
type Message struct {
	// Payload is what the browser gets, at most [MaxPayload].
	Payload []byte
	// Topic has the message take the place of one of the same topic that the browser has not got yet: at most 32 characters
	// of base64url, empty for none (RFC 8030, section 5.4).
	Topic string
	// Life is how long the push service keeps the message for a browser that is away, in whole seconds.
	Life time.Duration
	// Urgent is whether a device that saves its battery is woken for it.
	Urgent bool
}

// An Outcome is what became of a message.
type Outcome int

// The outcomes.
const (
	// Unknown is that the push service may have the message or not: it was sent, and no answer came.
	Unknown Outcome = iota
	// Sent is that the push service has taken the message.
	Sent
	// Gone is that the subscription has ended.
	Gone
	// Refused is that the push service will not take the message, however often it is sent.
	Refused
	// Later is that the push service has not taken the message now, or was not reached; another try may help.
	Later
)

// A Result is the outcome with what belongs to it.
type Result struct {
	Outcome Outcome
	// Status is what the push service answered, 0 without an answer.
	Status int
	// RetryAfter is how long the push service wants to be left alone, 0 when it did not say.
	RetryAfter time.Duration
	// Err says what went wrong; nil when the message was sent. It holds no endpoint.
	Err error
}

// A Client sends messages as one server.
type Client struct {
	config  Config
	private string
	public  string
	http    *http.Client
	now     func() time.Time
}

// NewClient makes a client of settings that are valid and on. now is the clock that dates in answers are compared with.
func NewClient(c Config, now func() time.Time) (*Client, error) {
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	pool, err := c.authorities()
	if err != nil {
		return nil, err
	}
	options := []outbound.Option{outbound.WithoutRedirects()}
	if pool != nil {
		options = append(options, outbound.WithAuthorities(pool))
	}
	encode := base64.RawURLEncoding.EncodeToString
	return &Client{
		config: c, private: encode(key.Bytes()), public: encode(key.PublicKey().Bytes()),
		http: outbound.NewClient(c.Private, options...), now: now,
	}, nil
}

// PublicKey is what browsers subscribe with: an uncompressed point of P-256 in base64url without padding.
func (c *Client) PublicKey() string { return c.public }

// Send sends a message once. It takes 10 seconds at most.
func (c *Client) Send(ctx context.Context, to Subscription, m Message) Result {
	if len(m.Payload) > MaxPayload {
		return Result{Outcome: Refused, Err: fmt.Errorf("the payload has %d bytes, more than %d", len(m.Payload), MaxPayload)}
	}
	urgency := webpushgo.UrgencyNormal
	if m.Urgent {
		urgency = webpushgo.UrgencyHigh
	}
	// Nothing has left this machine before there is a connection, TLS included: until then a failure is no riddle.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	answer, err := webpushgo.SendNotificationWithContext(ctx, m.Payload, &webpushgo.Subscription{
		Endpoint: to.Endpoint,
		Keys:     webpushgo.Keys{Auth: base64.StdEncoding.EncodeToString(to.Auth), P256dh: base64.StdEncoding.EncodeToString(to.PublicKey)},
	}, &webpushgo.Options{
		HTTPClient: c.http, Subscriber: strings.TrimPrefix(c.config.Contact, "mailto:"), Topic: m.Topic, TTL: int(m.Life / time.Second), Urgency: urgency,
		VAPIDPublicKey: c.public, VAPIDPrivateKey: c.private,
	})
	if err != nil {
		return failed(err, connected.Load())
	}
	defer answer.Body.Close()
	return c.result(answer)
}

// failed says what a call without an answer means.
func failed(err error, connected bool) Result {
	err = withoutURL(err)
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return Result{Outcome: Refused, Err: err}
	case !connected:
		return Result{Outcome: Later, Err: err}
	default:
		return Result{Outcome: Unknown, Err: err}
	}
}

// result says what an answer means (RFC 8030, sections 5 and 7.3).
func (c *Client) result(answer *http.Response) Result {
	r := Result{Status: answer.StatusCode, RetryAfter: c.retryAfter(answer.Header.Get("Retry-After"))}
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		r.Outcome = Sent
		return r
	case code == http.StatusNotFound || code == http.StatusGone:
		r.Outcome = Gone
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		r.Outcome = Later
	default:
		r.Outcome = Refused
	}
	r.Err = fmt.Errorf("the push service answered %d", answer.StatusCode)
	return r
}

// retryAfter reads how long to wait: seconds or a date (RFC 9110, section 10.2.3).
func (c *Client) retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(c.now()))
}

// withoutURL takes the endpoint out of an error, for it is a secret.
func withoutURL(err error) error {
	if failure, ok := errors.AsType[*url.Error](err); ok {
		return failure.Err
	}
	return err
}
