package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/reflect/protoreflect"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/id"
)

const (
	// EventStream is the log of domain events.
	EventStream = "PULSE_EVENTS"
	// DeadLetterStream tells of dead letters, for those who watch.
	DeadLetterStream = "PULSE_DEAD_LETTERS"
)

var deadLettered = string((&busv1.DeadLettered{}).ProtoReflect().Descriptor().FullName())

// subject answers where an event is published: its full name and the id of its aggregate.
func subject(eventType string, aggregate int64) string { return eventType + "." + id.String(aggregate) }

// ensureStreams creates or updates the streams, and answers when the event stream says that it was created.
func (b *Bus) ensureStreams(ctx context.Context) (incarnation string, err error) {
	events, err := b.ensureStream(ctx, jetstream.StreamConfig{
		Name: EventStream, Description: "Domain events of Pulse, from the outbox.",
		Subjects: eventSubjects(),
		MaxAge:   b.config.MaxAge, Replicas: b.config.Replicas, Duplicates: 2 * time.Minute,
	})
	if err != nil {
		return "", fmt.Errorf("ensure stream %s: %w", EventStream, err)
	}
	_, err = b.ensureStream(ctx, jetstream.StreamConfig{
		Name: DeadLetterStream, Description: "What consumers of Pulse gave up; the letters themselves are in the database.",
		Subjects: []string{deadLettered + ".*"},
		MaxAge:   b.config.MaxAge, Replicas: b.config.Replicas, Duplicates: 2 * time.Minute,
	})
	if err != nil {
		return "", fmt.Errorf("ensure stream %s: %w", DeadLetterStream, err)
	}
	return events.CachedInfo().Created.UTC().Format(time.RFC3339Nano), nil
}

// ensureStream creates a stream, or updates one that is not as wanted. One that is stays untouched: each process asks at
// its start and whenever it connects again, and in the broker an update races with the consumers that are made then.
func (b *Bus) ensureStream(ctx context.Context, want jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := b.js.Stream(ctx, want.Name)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, err
	}
	if err == nil && asWanted(stream.CachedInfo().Config, want) {
		return stream, nil
	}
	return b.js.CreateOrUpdateStream(ctx, want)
}

// asWanted tells whether a stream has all that is set here.
func asWanted(is, want jetstream.StreamConfig) bool {
	return is.Description == want.Description && slices.Equal(is.Subjects, want.Subjects) &&
		is.MaxAge == want.MaxAge && is.Replicas == want.Replicas && is.Duplicates == want.Duplicates
}

// eventSubjects lists the subjects of all events but dead letters, which have a stream of their own.
func eventSubjects() []string {
	var subjects []string
	messages := busv1.File_pulse_bus_v1_events_proto.Messages()
	for i := range messages.Len() {
		if name := string(messages.Get(i).FullName()); name != deadLettered {
			subjects = append(subjects, name+".*")
		}
	}
	return subjects
}

// typeName answers the full name of an event's message.
func typeName(event protoreflect.ProtoMessage) string {
	return string(event.ProtoReflect().Descriptor().FullName())
}
