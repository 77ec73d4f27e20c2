package rpc

import (
	"context"
	"fmt"
	"io"
	"sync"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Joined is an answer that is put together from messages which were encoded before, for RPCs that are called so often
// that encoding would be most of their cost. Both encodings must say the same.
type Joined struct {
	// AppendProto appends the answer in the binary encoding.
	AppendProto func([]byte) []byte
	// AppendJSON appends the answer in the JSON encoding.
	AppendJSON func([]byte) []byte

	into  proto.Message
	once  sync.Once
	reads protoreflect.Message
}

// ProtoReflect implements [proto.Message], for callers in the same process, who take the message and no bytes.
func (j *Joined) ProtoReflect() protoreflect.Message {
	j.once.Do(func() {
		if err := proto.Unmarshal(j.AppendProto(nil), j.into); err != nil {
			panic(fmt.Sprintf("joined %T: %v", j.into, err)) // What was joined was encoded by us.
		}
		j.reads = j.into.ProtoReflect()
	})
	return j.reads
}

type joinedKey struct{}

// AnswerWith makes the call that ctx belongs to answer with what was joined. The handler returns into, empty.
func AnswerWith[T proto.Message](ctx context.Context, into T, j *Joined) T {
	if slot, ok := ctx.Value(joinedKey{}).(**Joined); ok {
		j.into = into
		*slot = j
	}
	return into
}

// joined sends what a handler has joined in the place of what it returned.
func joined(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		slot := new(*Joined)
		return next(context.WithValue(ctx, joinedKey{}, slot), spec, joinedStream{stream, slot})
	}
}

type joinedStream struct {
	connect.ServerStream
	slot **Joined
}

// Send implements [connect.ServerStream].
func (s joinedStream) Send(msg any) error {
	if *s.slot != nil {
		return s.ServerStream.Send(*s.slot)
	}
	return s.ServerStream.Send(msg)
}

// binaryCodec is Connect's, and writes joined answers as they are.
type binaryCodec struct{ *connectproto.BinaryCodec }

// MarshalWrite implements [connect.Codec].
func (c binaryCodec) MarshalWrite(ctx context.Context, dst io.Writer, msg any) error {
	if j, ok := msg.(*Joined); ok {
		return writeJoined(dst, j.AppendProto)
	}
	return c.BinaryCodec.MarshalWrite(ctx, dst, msg)
}

// jsonCodec is Connect's, and writes joined answers as they are. Others are written without white space: where protojson
// puts some differs from one build to the next, and programs compare.
type jsonCodec struct{ *connectproto.JSONCodec }

// MarshalWrite implements [connect.Codec].
func (c jsonCodec) MarshalWrite(ctx context.Context, dst io.Writer, msg any) error {
	if j, ok := msg.(*Joined); ok {
		return writeJoined(dst, j.AppendJSON)
	}
	return c.JSONCodec.MarshalWriteStable(ctx, dst, msg)
}

// writeJoined joins straight into the transport's buffer when it lets us.
func writeJoined(dst io.Writer, appendTo func([]byte) []byte) error {
	var buffer []byte
	if direct, ok := dst.(interface{ AvailableBuffer() []byte }); ok {
		buffer = direct.AvailableBuffer()
	}
	_, err := dst.Write(appendTo(buffer))
	return err
}
