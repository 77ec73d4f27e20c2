package rpc

import (
	"compress/gzip"
	"io"

	connectv1 "connectrpc.com/connect" //nolint:depguard // Vanguard 0.4 is for Connect v1.
)

// boundedGzip unpacks for the transcoder of REST, which itself unpacks whatever there is into memory: a mebibyte may be a
// gibibyte packed. Connect and gRPC stop at the limit by themselves.
type boundedGzip struct {
	gzip.Reader

	left int // Of what may be unpacked.
}

func newBoundedGzip() connectv1.Decompressor { return &boundedGzip{} }

func newGzipWriter() connectv1.Compressor { return gzip.NewWriter(io.Discard) }

// Reset implements [connectv1.Decompressor].
func (g *boundedGzip) Reset(src io.Reader) error {
	g.left = MaxRequestBytes
	return g.Reader.Reset(src)
}

// Read implements [io.Reader].
func (g *boundedGzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p[:min(len(p), g.left+1)])
	if n > g.left {
		return 0, connectv1.NewError(connectv1.CodeResourceExhausted, bodyTooLarge())
	}
	g.left -= n
	return n, err
}
