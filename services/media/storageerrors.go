package media

import (
	"context"
	"errors"
	"io"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"gocloud.dev/gcerrors"

	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// What is asked of the storage.
const (
	toRead   = "read"
	toWrite  = "write"
	toDelete = "delete"
	toList   = "list"
	toSign   = "sign"
)

// storageErrors counts what the storage could not do.
type storageErrors struct{ counter metric.Int64Counter }

func newStorageErrors(ctx context.Context) storageErrors {
	e := storageErrors{telemetry.Instrument(otel.Meter(scope).Int64Counter("pulse.media.storage.errors", metric.WithUnit("{error}"),
		metric.WithDescription("Failures of the storage of pictures, by what was asked of it.")))}
	for _, operation := range []string{toRead, toWrite, toDelete, toList, toSign} {
		e.counter.Add(ctx, 0, asked(operation))
	}
	return e
}

func asked(operation string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("operation", operation))
}

// note counts an error of the storage and answers it. That a file is not there is no error, nor is that whoever asked has gone.
func (e storageErrors) note(ctx context.Context, operation string, err error) error {
	if err == nil || errors.Is(ctx.Err(), context.Canceled) || gcerrors.Code(err) == gcerrors.NotFound {
		return err
	}
	e.counter.Add(ctx, 1, asked(operation))
	return err
}

// A source is what a file is read from; it remembers that reading failed, which is not the storage's fault.
type source struct {
	io.Reader

	failed bool
}

// Read reads on.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.failed = s.failed || err != nil && !errors.Is(err, io.EOF)
	return n, err
}
