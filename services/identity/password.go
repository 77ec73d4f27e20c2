package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/crypto/argon2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// Parameters of argon2id: the first choice of the OWASP Password Storage Cheat Sheet for servers short of memory
// (m=19 MiB, t=2, p=1), with the salt and tag of RFC 9106.
const (
	argonMemoryKiB = 19456
	argonTime      = 2
	argonThreads   = 1
	// quickMemoryKiB is the least that RFC 9106 allows.
	quickMemoryKiB = 8 * argonThreads
	saltBytes      = 16
	tagBytes       = 32
)

// hasher hashes passwords, a bounded number at once.
type hasher struct {
	// queue holds who hashes and who waits, running who hashes.
	queue, running chan struct{}
	work           work
}

// work is how much a hash takes.
type work struct{ memory, time uint32 }

// strong is the work of passwords that are worth something.
var strong = work{memory: argonMemoryKiB, time: argonTime}

func newHasher(c Config) *hasher {
	h := &hasher{queue: make(chan struct{}, c.HashesAtOnce+c.HashQueue), running: make(chan struct{}, c.HashesAtOnce), work: strong}
	if c.QuickHashes {
		h.work = work{memory: quickMemoryKiB, time: 1}
	}
	h.measure()
	return h
}

// measure tells how many hash and how many wait.
func (h *hasher) measure() {
	meter := otel.Meter("github.com/pulse-social/pulse/services/identity")
	running := telemetry.Instrument(meter.Int64ObservableUpDownCounter("pulse.password.hashes.running",
		metric.WithUnit("{hash}"), metric.WithDescription("Passwords that are being hashed.")))
	waiting := telemetry.Instrument(meter.Int64ObservableUpDownCounter("pulse.password.hashes.waiting",
		metric.WithUnit("{hash}"), metric.WithDescription("Log-ins that wait for their hash.")))
	telemetry.Instrument(meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		hashing := len(h.running)
		o.ObserveInt64(running, int64(hashing))
		o.ObserveInt64(waiting, int64(max(0, len(h.queue)-hashing)))
		return nil
	}, running, waiting))
}

// enter waits for its turn, or refuses when too many wait already. leave must be called after.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, rpc.Fail(errorsv1.Reason_REASON_SIGN_IN_BUSY, "too many people are logging in at this moment: try again in a second").After(time.Second)
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running; <-h.queue }, nil
	case <-ctx.Done():
		<-h.queue
		return nil, ctx.Err()
	}
}

// hash answers a password's hash as a PHC string
// (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return h.work.hash(password), nil
}

// HashPassword answers the hash of a password as it is kept. It takes some 25 ms of CPU.
func HashPassword(password string) string { return strong.hash(password) }

func (w work) hash(password string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // Never fails: see crypto/rand.
	p := phc{memory: w.memory, time: w.time, threads: argonThreads, salt: salt}
	p.tag = p.compute(password)
	return p.String()
}

// nobody answers the hash that a password is compared with when there is no account: the work is the same.
func (w work) nobody() string {
	return phc{memory: w.memory, time: w.time, threads: argonThreads, salt: make([]byte, saltBytes), tag: make([]byte, tagBytes)}.String()
}

// matches tells whether a password is the one that was hashed, and whether the hash is weaker than hashes are made now.
func (h *hasher) matches(ctx context.Context, password, hash string) (ok, weak bool, err error) {
	p, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	ok = subtle.ConstantTimeCompare(p.compute(password), p.tag) == 1
	return ok, p.memory < h.work.memory || p.time < h.work.time, nil
}

// phc is a hash with its parameters.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, tag    []byte
}

func (p phc) compute(password string) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, tagBytes)
}

// String writes the hash as it is kept.
func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.tag))
}

func parsePHC(hash string) (phc, error) {
	var p phc
	fields := strings.Split(hash, "$")
	if len(fields) != 6 || fields[1] != "argon2id" || fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, fmt.Errorf("password hash is not argon2id version %d", argon2.Version)
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, fmt.Errorf("parameters of the password hash: %w", err)
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(fields[4]); err != nil {
		return p, fmt.Errorf("salt of the password hash: %w", err)
	}
	if p.tag, err = base64.RawStdEncoding.DecodeString(fields[5]); err != nil {
		return p, fmt.Errorf("tag of the password hash: %w", err)
	}
	return p, nil
}
